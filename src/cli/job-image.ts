// Entry of the process that decodes images. It knows no secret, no file of ours and no network: bytes come and go by IPC.
import { runImageJob, tameDecoder, UndecodableImage } from '../providers/image-jobs.ts'
import type { ImageRequest, ImageResponse } from '../providers/sharp-codec.ts'

/** Above this the process gives itself up, and the parent starts a fresh one. */
const memoryBytesMax = 480 * 1024 * 1024
const memoryLookMs = 50
const exitOutOfMemory = 77

tameDecoder()
setInterval(() => {
  if (process.memoryUsage.rss() > memoryBytesMax) process.exit(exitOutOfMemory)
}, memoryLookMs).unref()
process.on('disconnect', () => process.exit(0))
process.on('message', async ({ id, job }: ImageRequest) => {
  const response = await answered(id, job)
  process.send?.({ ...response, memoryBytes: process.memoryUsage.rss() })
})

async function answered(id: number, job: ImageRequest['job']): Promise<Omit<ImageResponse, 'memoryBytes'>> {
  try {
    return { id, value: await runImageJob(job), fault: null }
  } catch (error) {
    return { id, value: null, fault: error instanceof UndecodableImage ? error.fault : 'image_broken' }
  }
}
