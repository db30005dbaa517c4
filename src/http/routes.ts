/** Every URL of the arena, once: links are made here, and routes are mounted under the same patterns. */
export const routes = {
  home: '/',
  battles: '/battles',
  battle: '/b/:id',
  stream: '/b/:id/stream',
  main: '/b/:id/main',
  images: '/images',
  image: '/images/:sha256',
  leaderboard: '/leaderboard',
  model: '/models/:id',
  method: '/method',
  prompts: '/prompts',
  promptSet: '/prompts/:set',
  speech: '/speech',
  me: '/me',
  data: '/data',
  language: '/language',
  theme: '/theme',
  assets: '/assets/:file',
  healthz: '/healthz',
  readyz: '/readyz',
} as const

export const battleActions = [
  'vote',
  'reveal',
  'withdraw',
  'turns',
  'stop',
  'retry',
  'replace',
  'skip',
  'report',
  'share',
] as const
export type BattleAction = (typeof battleActions)[number]

export const sharePath = (slug: string) => `/s/${slug}`
export const battlePath = (id: string) => `/b/${id}`
export const battleActionPath = (id: string, action: BattleAction) => `/b/${id}/${action}`
