/** The last messages of a room, as it has shown them: those who come back are served from here. */
import type { Message } from './chat-event.ts'

export const WINDOW = 256

export class Window {
  /** Ascending, without a hole but one that the database has. */
  private kept: Message[] = []
  /** The place of the newest, shown or not: 0 in a new room. Undefined until the room has read where it stands. */
  last: number | undefined = undefined

  /** @param last - where the room stands; by default at the newest of `messages`. */
  open(messages: readonly Message[], last = messages.at(-1)?.seq ?? 0): void {
    this.kept = messages.slice(-WINDOW)
    this.last = last
  }

  push(message: Message): void {
    this.kept.push(message)
    this.last = message.seq
    // Seldom, so that it costs nothing each time.
    if (this.kept.length >= 2 * WINDOW) this.kept = this.kept.slice(-WINDOW)
  }

  newest(count: number): readonly Message[] {
    return this.kept.slice(-count)
  }

  /** All that came after that place; undefined where it is not all here any more. */
  after(seq: number): readonly Message[] | undefined {
    const oldest = this.kept[0]?.seq ?? (this.last ?? 0) + 1
    if (seq < oldest - 1) return undefined
    return this.kept.filter((message) => message.seq > seq)
  }
}
