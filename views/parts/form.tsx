import type { Child } from 'hono/jsx'
import type { Hands } from '../frame.ts'

export const Csrf = ({ hands }: { hands: Hands }) => <input type="hidden" name="csrf" value={hands.csrf} />

/** htmx attributes of something that asks for a new state of the battle. Refusals go to the notice, so that the page stays as it was. */
export const live = (hands: Hands, to: string, { method = 'post', swap = 'outerMorph', target = '#battle' } = {}) =>
  hands.nonce === null
    ? {}
    : {
        [`hx-${method}`]: to,
        'hx-target': target,
        'hx-swap': swap,
        'hx-status:4xx': 'target:#notice swap:innerHTML',
        'hx-status:5xx': 'target:#notice swap:innerHTML',
        'hx-nonce': hands.nonce,
      }

type ActionProps = {
  hands: Hands
  to: string
  swap?: string | undefined
  target?: string | undefined
  class?: string | undefined
  id?: string | undefined
  trigger?: string | undefined
  include?: string | undefined
  children?: Child
}

/** Everything that changes something is this: a plain form that htmx makes smooth. */
export const Action = ({ hands, to, swap, target, trigger, include, children, ...rest }: ActionProps) => (
  <form
    method="post"
    action={to}
    {...rest}
    {...live(hands, to, { ...(swap ? { swap } : {}), ...(target ? { target } : {}) })}
    {...(hands.nonce !== null && trigger ? { 'hx-trigger': trigger } : {})}
    {...(hands.nonce !== null && include ? { 'hx-include': include } : {})}
  >
    <Csrf hands={hands} />
    {children}
  </form>
)
