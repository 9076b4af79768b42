/** The Hono application that both of its servers serve: a few routes, so that its router has something to do. */

import { Hono } from 'hono'
import { HELLO } from './serve.ts'

export const app = new Hono()

app.get('/', (c) => c.text('home'))
app.get('/hello', (c) => c.text(HELLO))
app.get('/orders/:id', (c) => c.json({ id: c.req.param('id') }))
app.post('/orders', async (c) => c.json(await c.req.json(), 201))
