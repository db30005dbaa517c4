import type { Model, Reader } from '../models/model.ts'
import type { BuiltinEntry, ProviderDeps } from './provider-for.ts'
import { recogniserWith, tesseractOn } from './readers/text.ts'
import type { ImageTools } from './sharp-codec.ts'

/** Bumped when a reader's rules change what it says: a changed rule is a new version of the contestant. */
const rulesVersion = 'rules-1'

const catalogue: { reader: Reader; id: string; name: string; rules: string }[] = [
  {
    reader: 'palette',
    id: 'palette-and-light',
    name: 'Palette & Light',
    rules: 'Names the largest colours and measures brightness.',
  },
  {
    reader: 'file',
    id: 'file-inspector',
    name: 'File Inspector',
    rules: 'Tells format, size and colour space of the file.',
  },
  {
    reader: 'layout',
    id: 'layout-reader',
    name: 'Layout Reader',
    rules: 'Finds where the detail is and rows that look like text.',
  },
  { reader: 'code', id: 'code-reader', name: 'Code Reader', rules: 'Reads QR and bar codes and points at them.' },
  { reader: 'text', id: 'text-reader', name: 'Text Reader', rules: 'Recognises printed words.' },
]

/** The fixed-rule readers this machine can run, as registry entries. `text` needs a recogniser on the PATH. */
export function builtinModels(available: { hasTesseract?: boolean } = {}): Model[] {
  return catalogue
    .filter(({ reader }) => reader !== 'text' || available.hasTesseract === true)
    .map(({ reader, id, name, rules }) => ({
      id,
      name,
      kind: 'builtin',
      model: reader,
      version: `${reader}-${rulesVersion}`,
      card: { organization: 'Built-in', license: 'Apache-2.0' },
      isBaseline: true,
      isReplay: false,
      state: 'active',
      weight: 1,
      concurrency: 4,
      grounding: 'molmo',
      resize: null,
      imagesMax: 6,
      sampling: null,
      exportOutputs: true,
      aliases: [name],
      settings: { kind: 'builtin', reader, rules },
    }))
}

/** The entry a provider is made from, for a model of `builtinModels`. */
export const builtinEntry = ({ id, model }: Pick<Model, 'id' | 'model'>): BuiltinEntry => ({
  id,
  kind: 'builtin',
  reader: model as Reader,
})

/** What readers and transforms work with; `path` is the PATH a text recogniser is looked for on. */
export function providerTools(codec: ImageTools, path: string | undefined): ProviderDeps['tools'] {
  const tesseract = tesseractOn(path ?? '')
  return {
    rawPixels: codec.rawPixels,
    readCodes: codec.readCodes,
    reencode: codec.reencode,
    recognise: tesseract === null ? null : recogniserWith(tesseract),
  }
}
