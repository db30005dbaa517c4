// What only the loaders themselves can prove. Runs where a Python with `datasets` is; says so where there is none.
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { presets } from '../../src/exports/options.ts'
import { exported, folders } from './helpers.ts'

const python = process.env['SIGHTLINE_TEST_PYTHON'] ?? 'python3'
const isRequired = process.env['SIGHTLINE_REQUIRE_PYTHON'] === '1'
const script = (name: string) => fileURLToPath(new URL(`./${name}.py`, import.meta.url))
const folder = folders()

const has = (module: string) =>
  spawnSync(python, ['-c', `import ${module}`], { env: { ...process.env, HF_HUB_OFFLINE: '1' } }).status === 0

function run(name: string, modules: string[], root: string): string | null {
  const missing = modules.find((module) => !has(module))
  if (missing !== undefined) {
    console.warn(
      `SKIPPED loader checks: ${missing} not importable (pip install ${modules.join(' ')}, or name a Python with SIGHTLINE_TEST_PYTHON)`,
    )
    expect(isRequired, `SIGHTLINE_REQUIRE_PYTHON is set and ${missing} is not importable`).toBe(false)
    return null
  }
  return execFileSync(python, [script(name), root, folder()], {
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1', HF_DATASETS_OFFLINE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

test('datasets loads every config and the image folder, with typed pictures that decode', async () => {
  const root = folder()
  await exported(root, [...presets], { includeTies: true })
  const said = run('check_loaders', ['datasets', 'PIL'], root)
  if (said === null) return
  const counts = JSON.parse(said) as Record<string, Record<string, number>>
  expect(counts).toEqual({
    dpo: { train: 16, test: 4 },
    battles: { train: 35, test: 5 },
    kto: expect.any(Object),
    sft: expect.any(Object),
    lmarena: { train: 40 },
    votes: { train: 40 },
    imagefolder: { train: 16, test: 4 },
  })
}, 180_000)

test('trl collates every row and trains two steps of DPO, KTO and SFT', async () => {
  const root = folder()
  await exported(root, ['dpo', 'kto', 'sft'])
  const said = run('check_trainers', ['datasets', 'trl', 'transformers', 'torch'], root)
  if (said === null) return
  // Trainers print their progress too; our own line is the last.
  expect(JSON.parse(said.trim().split('\n').at(-1)!)).toEqual({ dpo: 2, kto: 2, sft: 2 })
}, 600_000)
