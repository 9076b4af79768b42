/** Guards: a limit is a whole number within its bounds, and a client is pinged before it is dropped. */
import test from 'ava'
import {
  createWebSocketLimits,
  defaultWebSocketLimits,
  type WebSocketLimits,
} from '../../../actors/websocket/limits.ts'

test('the defaults are as documented', (t) => {
  t.deepEqual(defaultWebSocketLimits, {
    messageBytesMax: 1_048_576,
    fragmentsMax: 1_024,
    controlFramesPerSecondMax: 100,
    pingIntervalMs: 30_000,
    idleTimeoutMs: 60_000,
    closeTimeoutMs: 5_000,
    deflateBytesMin: 1_024,
  })
})

const taken: readonly (readonly [Partial<WebSocketLimits>, Partial<WebSocketLimits>])[] = [
  [{ messageBytesMax: 1 }, { messageBytesMax: 1, fragmentsMax: 1_024 }],
  [{ messageBytesMax: 256 * 1024 * 1024 }, { messageBytesMax: 256 * 1024 * 1024 }],
  [{ deflateBytesMin: 0 }, { deflateBytesMin: 0 }],
  [{ idleTimeoutMs: 10_000 }, { idleTimeoutMs: 10_000, pingIntervalMs: 5_000 }],
  [{ idleTimeoutMs: 30_000 }, { pingIntervalMs: 15_000 }],
  [{ idleTimeoutMs: 2 }, { pingIntervalMs: 1 }],
  [{ idleTimeoutMs: 30_001 }, { pingIntervalMs: 30_000 }],
  [{ pingIntervalMs: 59_999 }, { pingIntervalMs: 59_999, idleTimeoutMs: 60_000 }],
]

for (const [overrides, expected] of taken) {
  test(`takes ${JSON.stringify(overrides)}`, (t) => t.like(createWebSocketLimits(overrides), expected))
}

const refused: readonly (readonly [Readonly<Record<string, unknown>>, code: string, says: RegExp])[] = [
  [
    { messageBytes: 1 },
    'WEBSOCKET_LIMIT_INVALID',
    /^no WebSocket limit is named "messageBytes"; there are messageBytesMax, /,
  ],
  [
    { messageBytesMax: 0 },
    'WEBSOCKET_LIMIT_INVALID',
    /^WebSocket limit messageBytesMax must be a whole number from 1 to 268435456, not 0$/,
  ],
  [{ messageBytesMax: 2 ** 28 + 1 }, 'WEBSOCKET_LIMIT_INVALID', /not 268435457$/],
  [{ fragmentsMax: 1.5 }, 'WEBSOCKET_LIMIT_INVALID', /not 1\.5$/],
  [{ closeTimeoutMs: Number.POSITIVE_INFINITY }, 'WEBSOCKET_LIMIT_INVALID', /not Infinity$/],
  [{ closeTimeoutMs: '5' }, 'WEBSOCKET_LIMIT_INVALID', /not 5$/],
  [
    { pingIntervalMs: 60_000 },
    'WEBSOCKET_LIMIT_INVALID',
    /^pingIntervalMs must be less than idleTimeoutMs \(60000\), not 60000$/,
  ],
  [{ pingIntervalMs: 5, idleTimeoutMs: 4 }, 'WEBSOCKET_LIMIT_INVALID', /must be less than idleTimeoutMs/],
]

for (const [overrides, code, says] of refused) {
  test(`refuses ${JSON.stringify(overrides)}`, (t) => {
    const error = t.throws(() => createWebSocketLimits(overrides as Partial<WebSocketLimits>), {
      message: says,
    })
    t.is((error as unknown as { code: string }).code, code)
  })
}
