import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ProtocolName, protocols } from '../providers/wire-server.ts'

// A process of its own, so that what it costs is not counted: speaks every protocol, as many tokens as the model's name says, each
// token being the moment it was sent. `bench-500-20` is 500 tokens, one every 20 ms; with a pause of 0 they follow one another at once.

const server = createServer(async (request, response) => {
  const path = request.url ?? ''
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as { model?: string }
  const model = body.model ?? /models\/([^:]+):/.exec(path)?.[1] ?? ''
  const [, tokens = '0', pauseMs = '0'] = /bench-(\d+)-(\d+)/.exec(model) ?? []
  const protocol = protocols[protocolAt(path)]({ id: 'id-1', model, number: Number(tokens) })
  response.writeHead(200, { 'content-type': protocol.contentType })
  response.socket?.setNoDelay(true)
  for (const frame of protocol.head()) response.write(frame)
  for (let i = 0; i < Number(tokens) && !response.destroyed; i++) {
    if (pauseMs !== '0') await wait(Number(pauseMs))
    const isFull = !response.write(protocol.text(` ${(performance.timeOrigin + performance.now()).toFixed(3)}`))
    if (isFull) await once(response, 'drain')
  }
  for (const frame of protocol.tail('stop')) response.write(frame)
  response.end()
})

function protocolAt(path: string): ProtocolName {
  if (path.includes('streamGenerateContent')) return 'gemini'
  if (path.includes('/mistral/')) return 'mistral'
  if (path.endsWith('/responses')) return 'responses'
  if (path.endsWith('/messages')) return 'anthropic'
  return path.endsWith('/api/chat') ? 'ollama' : 'openai'
}

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
