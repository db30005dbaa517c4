import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { type AssembleOptions, assemble } from './arena.ts'
import { arenaLog } from './cli/log.ts'
import type { Config } from './config.ts'
import { stopGraceMs } from './core/limits.ts'
import { createApp } from './http/app.tsx'
import { startJobs } from './jobs.ts'

export type Running = { url: string; stop(options?: { graceMs?: number }): Promise<void> }

/** Assembles, listens, and gives back how to stop: no new battles, votes open until the answers have ended, then the door. */
export async function main(config: Config, options: Partial<AssembleOptions> = {}): Promise<Running> {
  const log = options.log ?? arenaLog()
  const arena = await assemble(config, { ...options, log })
  const app = createApp(arena)
  const server = await listen(app.fetch, config)
  const jobs = startJobs(arena)
  const { port } = server.address() as AddressInfo
  const host = config.server.host.includes(':') ? `[${config.server.host}]` : config.server.host
  const url = `http://${host}:${port}`
  log({ event: 'arena_started', url, models: arena.contestants.length })
  return {
    url,
    async stop({ graceMs = stopGraceMs } = {}) {
      log({ event: 'arena_stopping', running: arena.runner.running() })
      await arena.stop(graceMs)
      await jobs.stop()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) setTimeout(() => server.closeAllConnections(), 200)
      })
      await arena[Symbol.asyncDispose]()
    },
  }
}

function listen(fetch: (request: Request) => Response | Promise<Response>, { server: { host, port } }: Config) {
  return new Promise<ServerType>((resolve, reject) => {
    const server = serve(
      {
        fetch,
        hostname: host,
        port,
        createServer,
        // A client that drips its headers or body holds a socket this long and no longer (TRUST.md E10).
        serverOptions: {
          headersTimeout: 10_000,
          requestTimeout: 60_000,
          connectionsCheckingInterval: 5_000,
          keepAliveTimeout: 20_000,
        },
      },
      () => resolve(server),
    )
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      reject(new Error(`Port ${port} is taken. Stop the other program or choose another port: --port ${port + 1}`))
    })
    if ('maxConnections' in server) server.maxConnections = 4_096
    if ('maxRequestsPerSocket' in server) server.maxRequestsPerSocket = 1_000
  })
}
