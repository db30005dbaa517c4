// A stand-in for an operator's own program (MODELS.md 11.3). The scenario is its first argument.
import { createInterface } from 'node:readline'

const [scenario = 'ok'] = process.argv.slice(2)
const say = (line) => process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
const words = ['A', ' cat', ' sits', ' here.']

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  if (request.cancel) {
    process.stderr.write(`cancelled ${request.id}\n`)
    continue
  }
  answer(request)
}

function answer(request) {
  const { id } = request
  const text = (word) => say({ id, text: word })
  const done = (finish) => say({ id, done: true, finish, usage: { input: 7, output: 7 } })
  switch (scenario) {
    case 'ok':
      words.forEach(text)
      return done('stop')
    case 'echo':
      text(JSON.stringify({ ...request, environment: process.env }))
      return done('stop')
    case 'length':
      words.forEach(text)
      return done('length')
    case 'refusal':
      text('I cannot help with that.')
      return done('refused')
    case 'refusal-empty':
      return done('refused')
    case 'think-tags':
      ;['<th', 'ink>Let me', ' think.</thi', 'nk>', ...words].forEach(text)
      return done('stop')
    case 'error-mid':
      text('A')
      return say({ id, error: 'out of memory' })
    case 'error-after-end':
      words.forEach(text)
      done('stop')
      return say({ id, error: 'late' })
    case 'double-end':
      words.forEach(text)
      done('stop')
      return done('stop')
    case 'eof':
      text('A')
      return setTimeout(() => process.exit(0), 20)
    case 'crash':
      text('A')
      process.stderr.write('Traceback: boom\n')
      return setTimeout(() => process.exit(3), 20)
    case 'garbage':
      text('A')
      return say('Loading weights: 100%')
    case 'empty':
      return done('stop')
    case 'long-line':
      return text('x'.repeat(300 * 1024))
    case 'split-utf8':
      text('猫在垫子上 🐈 naïve')
      return done('stop')
    case 'stall':
      text('A')
      return setInterval(() => undefined, 60_000)
    case 'hang':
      return setInterval(() => undefined, 60_000)
    default:
      process.exit(9)
  }
}
