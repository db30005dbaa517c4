import { readFileSync, readdirSync } from 'node:fs'
import { sharpCodec } from '../../src/providers/sharp-codec.ts'
import { providerTools, builtinModels, builtinEntry } from '../../src/providers/builtin-models.ts'
import { providerFor } from '../../src/providers/provider-for.ts'
import sharp from 'sharp'
await using codec = sharpCodec()
const deps = { now: () => new Date(), random: Math.random, newId: () => 'x', environment: process.env, tools: providerTools(codec, process.env.PATH), builtinPaceMs: 0 }
const files = process.argv.slice(2)
for (const f of files) {
  const d = await codec.decode(readFileSync(f)); console.log('#####', f, d.width, d.height, d.mediaType, d.bytes.length)
  for (const m of builtinModels({})) for (const q of ['What was ordered?', 'Is it dark? Where is something blue?', 'Where is most detail? Is this a document?', 'Read the QR code', '这张图片是什么颜色？', '图中有几个人？','What size is the file?']) {
    let text = ''
    for await (const e of providerFor(builtinEntry(m), deps).answer({ system: null, signal: new AbortController().signal, turns: [{ question: q, images: [d], answer: null, facts: [d.facts] }], sampling: { temperature: 1, topP: 1, maxTokens: 10 } })) if (e.type === 'text') text += e.text; else if(e.type!=='finished') console.log(e)
    console.log(`[${m.name}] ${q}\n   ${text}`)
  }
}
