import { createHmac } from 'node:crypto'
import { BlockList, isIP } from 'node:net'

/** The network a request came from, as a key that changes daily: nothing stored can be turned back into an address. */
export type NetworkKey = string

/**
 * The client address: the socket's peer, or, as long as the hop that told us is one of `trusted`, the next address from the right of
 * `X-Forwarded-For`. Everything further left is whatever the client wrote.
 */
export function clientAddress(peer: string | undefined, forwardedFor: string | undefined, trusted: BlockList): string {
  let address = plain(peer ?? '')
  const hops = (forwardedFor ?? '').split(',').map((hop) => plain(hop.trim()))
  while (isTrusted(address, trusted)) {
    const hop = hops.pop()
    if (!hop || isIP(hop) === 0) break
    address = hop
  }
  return address
}

export function trustedProxies(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** IPv6 counts by its /64: one home has 2^64 addresses. */
export function networkKey(address: string, secret: Uint8Array, day: string): NetworkKey {
  const network = isIP(address) === 6 ? firstGroups(address, 4) : address
  return createHmac('sha256', secret).update(`${day}\0${network}`).digest('base64url').slice(0, 22)
}

/** An empty address is a request made inside this process. */
export const isLoopback = (address: string) => address === '' || address === '::1' || address.startsWith('127.')

const plain = (address: string) => (address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address)
const isTrusted = (address: string, trusted: BlockList) => {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

function firstGroups(address: string, count: number) {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right]
    .slice(0, count)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
