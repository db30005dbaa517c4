import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'

export const launcher = fileURLToPath(new URL('../../src/cli/sightline.js', import.meta.url))

export type Ended = { code: number | null; out: string; err: string }

/** Runs the real program to its end, with nothing of this shell's own settings. */
export function sightline(
  args: readonly string[],
  {
    cwd,
    env = {},
    input = '',
    node = [],
  }: { cwd?: string; env?: Record<string, string>; input?: string | Uint8Array; node?: string[] } = {},
): Promise<Ended> {
  const { PATH, HOME, TMPDIR } = process.env
  const inherited = Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined),
  )
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, launcher, ...args], {
      cwd,
      env: { ...inherited, ...env } as NodeJS.ProcessEnv,
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err: err.replace(/^Built in [\d.]+ s\.\n/, '') }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** The same command in this process: no launcher and no standard input, but many times faster. */
export async function inside(args: readonly string[], { cwd = process.cwd() }: { cwd?: string } = {}): Promise<Ended> {
  const before = process.cwd()
  const captured = (stream: NodeJS.WriteStream) => {
    let text = ''
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk)
      return true
    })
    return { text: () => text, end: () => spy.mockRestore() }
  }
  const out = captured(process.stdout)
  const err = captured(process.stderr)
  process.chdir(cwd)
  try {
    const code = await runCommand(args)
    return { code, out: out.text(), err: err.text() }
  } finally {
    process.chdir(before)
    out.end()
    err.end()
  }
}
