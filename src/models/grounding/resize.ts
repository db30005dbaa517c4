export const defaultResize = { factor: 28, minPixels: 3_136, maxPixels: 12_845_056 }

/**
 * The pixel size at which Qwen-style servers show an image to the model: both edges multiples of `factor`, the area within bounds.
 * Edges are rounded half to even, as the servers' Python does (70 px gives 56, not 84). Sizes that are no sizes come back unchanged.
 */
export function smartResize(
  width: number,
  height: number,
  { factor, minPixels, maxPixels }: { factor: number; minPixels: number; maxPixels: number } = defaultResize,
): { width: number; height: number } {
  if (!(width > 0 && height > 0 && factor > 0) || !Number.isFinite(width * height * factor)) return { width, height }
  const rounded = (edge: number) => Math.max(factor, roundHalfToEven(edge / factor) * factor)
  const [w, h] = [rounded(width), rounded(height)]
  if (w * h > maxPixels) {
    const shrink = Math.sqrt((width * height) / maxPixels)
    const shrunk = (edge: number) => Math.max(factor, Math.floor(edge / shrink / factor) * factor)
    return { width: shrunk(width), height: shrunk(height) }
  }
  if (w * h < minPixels) {
    const grow = Math.sqrt(minPixels / (width * height))
    const grown = (edge: number) => Math.ceil((edge * grow) / factor) * factor
    return { width: grown(width), height: grown(height) }
  }
  return { width: w, height: h }
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  if (value - below !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}
