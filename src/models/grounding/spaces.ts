import type { Dialect } from '../grounding.ts'
import { defaultResize, smartResize } from './resize.ts'

/** How a family counts: a number becomes `(number + shift) / across` of the image's width, and likewise `down` its height. */
export type Space = { across: number; down: number; shift: number; isYFirst: boolean }

export type CoordinateKey = { kind: 'point' | 'box'; space: Space; isLabelled: boolean }
export type Spaces = {
  /** Of the dialect's own places that carry no tag saying how they count. */
  own: Space
  /** JSON keys that hold places in this dialect. */
  keys: ReadonlyMap<string, CoordinateKey>
}

const evenly = (parts: number): Space => ({ across: parts, down: parts, shift: 0, isYFirst: false })
const yFirst = (space: Space): Space => ({ ...space, isYFirst: true })

export const unit = evenly(1)
export const percent = evenly(100)
export const thousandths = evenly(1000)
/** Families whose last step is the edge itself count 0..999 over the whole width. */
export const steps999 = evenly(999)
export const paligemmaSteps = yFirst(evenly(1024))
/** Florence-2 tokens name the middle of a thousandth. */
export const florenceSteps: Space = { ...evenly(1000), shift: 0.5 }

/** Hidden behind an unplaced chip where they are not the dialect's own: they name the family, and mean something else in each. */
export const foreignKeys = ['bbox_2d', 'point_2d', 'box_2d'] as const

export function spacesOf({
  dialect,
  width,
  height,
  resize,
}: {
  dialect: Dialect
  width: number
  height: number
  resize?: { factor: number; minPixels: number; maxPixels: number }
}): Spaces {
  const sent: Space = { across: width, down: height, shift: 0, isYFirst: false }
  const resized = (minPixels: number): Space => {
    const seen = smartResize(width, height, resize ?? { ...defaultResize, minPixels })
    return { across: seen.width, down: seen.height, shift: 0, isYFirst: false }
  }
  const box = (space: Space): CoordinateKey => ({ kind: 'box', space, isLabelled: true })
  const point = (space: Space, isLabelled = true): CoordinateKey => ({ kind: 'point', space, isLabelled })
  const spaces = (own: Space, keys: Record<string, CoordinateKey> = {}): Spaces => ({
    own,
    keys: new Map(Object.entries(keys)),
  })

  switch (dialect) {
    case 'qwen2.5-vl': {
      const space = resized(defaultResize.minPixels)
      return spaces(space, { bbox_2d: box(space), point_2d: point(space) })
    }
    case 'qwen3-vl':
      return spaces(thousandths, {
        bbox_2d: box(thousandths),
        point_2d: point(thousandths),
        coordinate: point(steps999, false),
      })
    case 'gemini':
      return spaces(thousandths, { box_2d: box(yFirst(thousandths)), point: point(yFirst(thousandths)) })
    case 'glm-v':
      return spaces(thousandths, {
        bbox_2d: box(thousandths),
        point_2d: point(thousandths),
        box_2d: box(steps999),
      })
    case 'pixels':
      return spaces(sent, {
        bbox_2d: box(sent),
        bbox: box(sent),
        point_2d: point(sent),
        point: point(sent),
        coordinate: point(sent),
      })
    case 'showui':
      return spaces(unit, { position: point(unit, false) })
    case 'moondream':
      return spaces(unit)
    case 'ui-tars-1.5':
      return spaces(resized(78_400))
    default:
      return spaces(thousandths)
  }
}
