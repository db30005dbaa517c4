/** Which models can be compared at all: strong and weak components of the graph of wins. */

/** Why a model's rating is a maximum-likelihood number, or why it cannot be one. */
export type Status = 'finite' | 'undefeated' | 'winless' | 'one_way' | 'other_piece' | 'no_votes'

/** Component number of every model, numbered by their lowest model. */
export type Components = { count: number; of: Uint16Array }

export type Separation = {
  /** Pieces that have votes; piece 0 is the largest (most models, then most votes, then the lowest index). */
  pieces: number
  /** Piece of every model; models without a vote are numbered after the pieces, one each. */
  piece: Uint16Array
  status: Status[]
  /** The status a model has inside its own piece: never `other_piece`. */
  within: Status[]
  /** Per piece, ascending, the models of its main strong component: those with a finite maximum. Can be empty. */
  blocks: Uint16Array[]
}

/**
 * Strongly connected components of the graph with an arc i -> j where `wins[i * models + j] > 0`.
 * Iterative, so a long chain of models cannot overflow the stack. O(models^2). Source: Tarjan 1972.
 */
export function strongComponents(wins: Float64Array, models: number): Components {
  const unseen = 0xffffffff
  const order = new Uint32Array(models).fill(unseen)
  const low = new Uint32Array(models)
  const next = new Uint32Array(models)
  const onStack = new Uint8Array(models)
  const stack: number[] = []
  const label = new Uint32Array(models)
  let seen = 0
  let labels = 0
  for (let root = 0; root < models; root++) {
    if (order[root] !== unseen) continue
    const path = [root]
    while (path.length > 0) {
      const at = path[path.length - 1]!
      if (order[at] === unseen) {
        order[at] = low[at] = seen++
        stack.push(at)
        onStack[at] = 1
      }
      let child = -1
      while (next[at]! < models && child < 0) {
        const to = next[at]!
        next[at] = to + 1
        if (!(wins[at * models + to]! > 0)) continue
        if (order[to] === unseen) child = to
        else if (onStack[to] === 1) low[at] = Math.min(low[at]!, order[to]!)
      }
      if (child >= 0) {
        path.push(child)
        continue
      }
      path.pop()
      const parent = path[path.length - 1]
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[at]!)
      if (low[at] !== order[at]) continue
      let member: number
      do {
        member = stack.pop()!
        onStack[member] = 0
        label[member] = labels
      } while (member !== at)
      labels += 1
    }
  }
  return numberedByLowestModel(label, labels)
}

/** Connected components where any vote in either direction is a link. O(models^2). */
export function weakComponents(wins: Float64Array, models: number): Components {
  const label = new Uint32Array(models).fill(0xffffffff)
  let labels = 0
  for (let root = 0; root < models; root++) {
    if (label[root] !== 0xffffffff) continue
    const queue = [root]
    label[root] = labels
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (let to = 0; to < models; to++) {
        if (label[to] !== 0xffffffff) continue
        if (!(wins[at * models + to]! > 0 || wins[to * models + at]! > 0)) continue
        label[to] = labels
        queue.push(to)
      }
    }
    labels += 1
  }
  return numberedByLowestModel(label, labels)
}

/**
 * Where a finite maximum of the likelihood exists, and for each other model why not (Ford 1957): ratings are finite
 * exactly inside a strong component. In each piece the main one, with most votes inside, is rated.
 * `wins` is W of comparison.ts. O(models^2).
 */
export function separation(wins: Float64Array, models: number): Separation {
  const strong = strongComponents(wins, models)
  // The usual case, told early: this runs for every refit of a live board.
  if (strong.count === 1 && models > 1) {
    const status = new Array<Status>(models).fill('finite')
    const everyone = Uint16Array.from({ length: models }, (_, i) => i)
    return { pieces: 1, piece: new Uint16Array(models), status, within: [...status], blocks: [everyone] }
  }
  const { order, piece, pieces } = piecesByWeight(wins, models)
  const within: Status[] = Array.from({ length: models }, (_, i) => statusAlone(wins, models, i))
  const blocks = Array.from({ length: pieces }, (_, p) => {
    const block = mainComponent(wins, models, strong, order[p]!)
    for (const i of block) within[i] = 'finite'
    return block
  })
  const status = within.map((own, i): Status => (own === 'no_votes' || piece[i] === 0 ? own : 'other_piece'))
  return { pieces, piece, status, within, blocks }
}

function piecesByWeight(wins: Float64Array, models: number) {
  const weak = weakComponents(wins, models)
  const members: number[][] = Array.from({ length: weak.count }, () => [])
  const inside = new Float64Array(weak.count)
  for (let i = 0; i < models; i++) {
    const own = weak.of[i]!
    members[own]!.push(i)
    for (let j = 0; j < models; j++) inside[own] = inside[own]! + wins[i * models + j]!
  }
  const ranked = Array.from({ length: weak.count }, (_, p) => p).sort(
    (p, q) =>
      Number(inside[q]! > 0) - Number(inside[p]! > 0) ||
      members[q]!.length - members[p]!.length ||
      inside[q]! - inside[p]! ||
      p - q,
  )
  const piece = new Uint16Array(models)
  ranked.forEach((weakNumber, p) => {
    for (const i of members[weakNumber]!) piece[i] = p
  })
  return { order: ranked.map((p) => members[p]!), piece, pieces: inside.filter((votes) => votes > 0).length }
}

/** The strong component of a piece with most votes inside it; empty when no vote lies inside any. */
function mainComponent(wins: Float64Array, models: number, strong: Components, piece: number[]): Uint16Array {
  const inside = new Map<number, number>()
  for (const i of piece) {
    let votes = inside.get(strong.of[i]!) ?? 0
    for (const j of piece) if (strong.of[j] === strong.of[i]) votes += wins[i * models + j]!
    inside.set(strong.of[i]!, votes)
  }
  let main = -1
  let most = 0
  // A Map keeps the order of insertion, which is by lowest index: the first of equals stays.
  for (const [component, votes] of inside) {
    if (votes > most) {
      main = component
      most = votes
    }
  }
  return Uint16Array.from(piece.filter((i) => strong.of[i] === main))
}

function statusAlone(wins: Float64Array, models: number, i: number): Status {
  let won = false
  let lost = false
  for (let j = 0; j < models; j++) {
    won ||= wins[i * models + j]! > 0
    lost ||= wins[j * models + i]! > 0
  }
  if (won && lost) return 'one_way'
  return won ? 'undefeated' : lost ? 'winless' : 'no_votes'
}

function numberedByLowestModel(label: Uint32Array, count: number): Components {
  const numbers = new Map<number, number>()
  const of = Uint16Array.from(label, (own) => {
    if (!numbers.has(own)) numbers.set(own, numbers.size)
    return numbers.get(own)!
  })
  return { count, of }
}
