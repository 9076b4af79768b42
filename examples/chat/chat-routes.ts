/** The chat in a browser: its page, and the WebSocket that the page talks through. Routes for the web server. */
import { readFileSync } from 'node:fs'
import type { Context, System } from 'greenroom'
import { type HttpRequest, type HttpResponse, type HttpUpgrade, html, websocket } from 'greenroom/actors'
import type { Chat } from './start-chat.ts'

const page = html(readFileSync(new URL('./page.html', import.meta.url), 'utf8'))

/** A command is short: no honest client needs more. */
const MESSAGE_BYTES_MAX = 16_384

type Handler = (ctx: Context<typeof System>, request: HttpRequest) => HttpResponse | HttpUpgrade

export function chatRoutes({ json }: Chat): Record<string, [method: 'GET', Handler]> {
  const socket = websocket({ ...json, limits: { messageBytesMax: MESSAGE_BYTES_MAX } })
  return {
    '/chat': ['GET', () => page],
    '/chat/socket': ['GET', (ctx, request) => socket.accept(ctx, request)],
  }
}
