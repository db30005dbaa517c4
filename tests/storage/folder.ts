import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder for one test. `KEEP=1` leaves it behind, and says where. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-'))
  onTestFinished(async () => {
    if (process.env['KEEP']) console.log(`kept ${folder}`)
    else await rm(folder, { recursive: true })
  })
  return folder
}
