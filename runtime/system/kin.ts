/**
 * The tree of actors: who is whose child, in order of birth.
 *
 * The children of one parent are a doubly linked list through the children themselves: adding and removing cost the
 * same in a family of a hundred thousand as in one of three, and an actor pays four words for it. Nothing here
 * recurses: a tree may be as deep as it is wide.
 */
import { NameTakenError } from './errors.ts'

export abstract class Kin<Self extends Kin<Self>> {
  readonly parent: Self | undefined
  /** A name that was given, or a number that was drawn. */
  private readonly ownName: string | number
  private firstChild: Self | undefined = undefined
  private lastChild: Self | undefined = undefined
  private elder: Self | undefined = undefined
  private younger: Self | undefined = undefined
  /** Children that drew a number. */
  private drawn = 0
  /** The children that were given a name. */
  private named: Map<string, Self> | undefined = undefined

  /** @throws NameTakenError if a living sibling has that name. */
  constructor(parent: Self | undefined, name: string | number) {
    this.parent = parent
    this.ownName = name
    parent?.add(this as unknown as Self)
  }

  get id(): string {
    return `${this.ownName}`
  }

  get path(): string {
    // Joined at once: a text grown piece by piece would keep all its pieces.
    const names: (string | number)[] = [this.ownName]
    for (let { parent } = this as Kin<Self>; parent !== undefined; parent = parent.parent) {
      names.push(parent.ownName)
    }
    return names.reverse().join('/')
  }

  /** This one and all below: parents before their children, the elder before the younger. */
  *family(): Generator<Self> {
    const top = this as unknown as Self
    let member: Self | undefined = top
    while (member !== undefined) {
      yield member
      if (member.firstChild !== undefined) {
        member = member.firstChild
        continue
      }
      while (member !== top && member !== undefined && member.younger === undefined) member = member.parent
      member = member === top ? undefined : member?.younger
    }
  }

  /** The youngest child that is left: a family is ended by ending this one until there is none. */
  get youngest(): Self | undefined {
    return this.lastChild
  }

  /** The next older sibling. */
  get nextElder(): Self | undefined {
    return this.elder
  }

  /** The next younger sibling. */
  get nextYounger(): Self | undefined {
    return this.younger
  }

  /** The oldest child. */
  get eldest(): Self | undefined {
    return this.firstChild
  }

  /** Whether a child was given that name. */
  hasNamed(name: string): boolean {
    return this.named?.has(name) === true
  }

  /** Whether a child drew the number that `name` is. */
  private hasDrawn(name: string): boolean {
    // Where all are named there is nothing to look through.
    if (this.drawn === 0 || !/^[1-9]\d*$/.test(name)) return false
    let child = this.firstChild
    while (child !== undefined && child.ownName !== Number(name)) child = child.younger
    return child !== undefined
  }

  /** Moves it, in the row of its siblings, before `sibling`, which is one of them. */
  placeBefore(sibling: Self): void {
    const self = this as unknown as Self
    this.unlink()
    const { elder } = sibling
    this.elder = elder
    this.younger = sibling
    sibling.elder = self
    if (elder !== undefined) elder.younger = self
    else if (this.parent !== undefined) this.parent.firstChild = self
  }

  private add(child: Self): void {
    const { ownName } = child
    if (typeof ownName === 'string') {
      this.named ??= new Map()
      if (this.named.has(ownName) || this.hasDrawn(ownName)) throw new NameTakenError(child.path)
      this.named.set(ownName, child)
    } else {
      this.drawn += 1
    }
    child.elder = this.lastChild
    if (this.lastChild === undefined) this.firstChild = child
    else this.lastChild.younger = child
    this.lastChild = child
  }

  /** Leaves the family, at the end. Its name is free again. */
  protected leave(): void {
    const { parent, ownName } = this
    if (parent === undefined) return
    this.unlink()
    if (typeof ownName === 'string') parent.named?.delete(ownName)
    else parent.drawn -= 1
    this.elder = undefined
    this.younger = undefined
  }

  private unlink(): void {
    const { parent, elder, younger } = this
    if (parent === undefined) return
    if (elder === undefined) parent.firstChild = younger
    else elder.younger = younger
    if (younger === undefined) parent.lastChild = elder
    else younger.elder = elder
  }
}
