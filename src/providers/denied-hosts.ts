import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { fault, UpstreamError } from './upstream-error.ts'

// A machine's metadata service hands out keys to whoever can make it fetch an address (TRUST.md E7).
const denied = new BlockList()
denied.addSubnet('169.254.0.0', 16, 'ipv4')
denied.addAddress('100.100.100.200', 'ipv4')
denied.addAddress('192.0.0.192', 'ipv4')
denied.addSubnet('fe80::', 10, 'ipv6')
denied.addSubnet('fd00:ec2::', 32, 'ipv6')
const deniedNames =
  /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data|instance-data\.ec2\.internal)\.?$/i

export function isDeniedAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 0) return false
  if (family === 4) return denied.check(bare, 'ipv4')
  const inside = ipv4Inside(bare)
  return denied.check(bare, 'ipv6') || (inside !== null && denied.check(inside, 'ipv4'))
}

/** The address inside ::ffff:a.b.c.d, ::a.b.c.d, 64:ff9b::a.b.c.d and 2002:aabb:ccdd::, however it is written. */
function ipv4Inside(address: string): string | null {
  const groups = groupsOf(address)
  if (groups === null) return null
  const toIpv4 = (high: number, low: number) => [high >> 8, high & 255, low >> 8, low & 255].join('.')
  const startsWith = (...values: number[]) => values.every((value, i) => groups[i] === value)
  if (startsWith(0x2002)) return toIpv4(groups[1]!, groups[2]!)
  const isMapped = startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0, 0, 0, 0, 0, 0) || startsWith(0x64, 0xff9b)
  return isMapped ? toIpv4(groups[6]!, groups[7]!) : null
}

function groupsOf(address: string): number[] | null {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const [, head = '', a, b, c, d] = dotted ?? []
  const hex = (high: string | undefined, low: string | undefined) => (Number(high) * 256 + Number(low)).toString(16)
  const plain = dotted === null ? address : `${head}${hex(a, b)}:${hex(c, d)}`
  const [left = '', right] = plain.split('::')
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [before, after] = [parse(left), parse(right ?? '')]
  const groups =
    right === undefined
      ? before
      : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff) ? groups : null
}

/** `URL` has already turned decimal, octal, hexadecimal and full-width spellings into plain addresses. */
export function refuseDeniedHost(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isRefused =
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.username !== '' ||
    url.password !== '' ||
    deniedNames.test(host) ||
    isDeniedAddress(host)
  if (isRefused) throw new UpstreamError(fault('unreachable', 'unreachable', { words: 'this address is not allowed' }))
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void
/** Looks a name up and refuses it if any of its addresses is denied: checked on the address that is then connected to. */
export function safeLookup(name: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(name, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    if (addresses.some(({ address }) => isDeniedAddress(address)))
      return callback(Object.assign(new Error('this address is not allowed'), { code: 'EACCES' }), [])
    if (options.all) return callback(null, addresses)
    const [first] = addresses
    callback(null, first?.address ?? '', first?.family ?? 4)
  })
}
