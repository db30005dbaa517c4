import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { compatiblePresets, kindDefaults } from '../providers/presets.ts'
import type { ModelEntry } from '../providers/provider-for.ts'

/**
 * Everybody outside this site who is sent a question or a picture: named to voters before their first upload (TRUST.md J1). What runs on this machine
 * or on a private network is the operator's own.
 */
export function recipientsOf({
  models,
  moderation,
  speech,
}: Pick<Config, 'models' | 'moderation' | 'speech'>): string[] {
  const drawn = models.filter(({ model }) => model.state === 'active')
  const names = [
    ...drawn.map(({ model, config }) => outside(addressOf(config), model.card.servedBy ?? serviceName(config))),
    ...moderation.map(({ how, name }) => (how.type === 'http' ? outside(how.baseUrl, name) : null)),
    speech.baseUrl === null ? null : outside(speech.baseUrl, null),
  ]
  return [...new Set(names.filter((name) => name !== null))].sort()
}

function addressOf(entry: ModelEntry): string | null {
  if (entry.kind === 'builtin' || entry.kind === 'replay' || entry.kind === 'command') return null
  if (entry.baseUrl) return entry.baseUrl
  if (entry.kind === 'openai-compatible') return entry.preset ? compatiblePresets[entry.preset].baseUrl : null
  return kindDefaults[entry.kind].baseUrl
}

const vendors: Partial<Record<ModelEntry['kind'], string>> = {
  openai: 'OpenAI',
  'openai-responses': 'OpenAI',
  anthropic: 'Anthropic',
  google: 'Google',
  mistral: 'Mistral',
}

/** Only at its usual address is a kind its vendor's. */
function serviceName(entry: ModelEntry): string | null {
  if ('baseUrl' in entry && entry.baseUrl) return null
  if (entry.kind === 'openai-compatible') return entry.preset ? compatiblePresets[entry.preset].name : null
  return vendors[entry.kind] ?? null
}

function outside(address: string | null, name: string | null): string | null {
  if (address === null) return null
  const host = new URL(address).hostname.replaceAll(/[[\]]/g, '')
  return isOwn(host) ? null : (name ?? host)
}

/** Loopback, private and link-local addresses, and names without a dot, which only a local network knows. */
function isOwn(host: string): boolean {
  if (isIP(host) === 4) return /^(127|10)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(host)
  if (isIP(host) === 6) return /^(::1$|f[cd]|fe[89ab])/i.test(host)
  return !host.includes('.') || /\.(local|internal|lan|home\.arpa)$/.test(host)
}
