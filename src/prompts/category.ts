/** Slices of votes by what was asked. A prompt may be in several; `tags` are what prompts carry. */
export const categories = [
  'ocr',
  'counting',
  'chart',
  'diagram',
  'pointing',
  'describing',
  'spatial',
  'knowledge',
  'homework',
  'creative',
  'humor',
  'entity',
  'coding',
  'document',
] as const
export type Category = (typeof categories)[number]
