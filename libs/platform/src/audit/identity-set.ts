/**
 * How many different 128-bit hashes there were, in 16 bytes each beside the empty places: a JavaScript set of texts takes
 * ten times as much. Open addressing with linear probing; a hash is its own random position.
 */

const WORDS = 4;
const FIRST_SLOTS = 1_024;
const FULLEST = 0.75;

/** 25,165,824 hashes: half a gigabyte, and three quarters of one while it grows for the last time. */
export const MOST_IDENTITIES = 2 ** 25 * FULLEST;

export class IdentitySet {
  private words = new Uint32Array(FIRST_SLOTS * WORDS);
  private held = 0;
  private overflowed = false;

  constructor(private readonly most = MOST_IDENTITIES) {}

  /** How many different hashes were added; what came after the limit is not in it. */
  get size(): number {
    return this.held;
  }

  /** True: more came than the limit allows, so that `size` says nothing any more. */
  get isFull(): boolean {
    return this.overflowed;
  }

  /** 32 hex digits. `salt` (32 bits) tells equal hashes apart. True when it was not there. */
  add(hash: string, salt = 0): boolean {
    if (this.held >= this.slots * FULLEST) this.grow();
    const word = (index: number) => parseInt(hash.slice(8 * index, 8 * index + 8), 16) >>> 0;
    const key: Key = [(word(0) ^ salt) >>> 0, word(1), word(2), word(3)];
    // All zero marks an empty place.
    if (key.every((part) => part === 0)) key[3] = 1;
    const at = this.placeOf(key);
    if (!this.isEmpty(at)) return false;
    if (this.held >= this.most) {
      this.overflowed = true;
      return false;
    }
    this.words.set(key, at);
    this.held += 1;
    return true;
  }

  private get slots(): number {
    return this.words.length / WORDS;
  }

  private isEmpty(at: number): boolean {
    const { words } = this;
    return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
  }

  /** Where the key is, or where it would go. */
  private placeOf(key: Key): number {
    const { words, slots } = this;
    for (let slot = (key[0] ^ key[2]) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = slot * WORDS;
      if (this.isEmpty(at) || key.every((part, index) => words[at + index] === part)) return at;
    }
  }

  private grow(): void {
    if (this.held >= this.most) return;
    const before = this.words;
    this.words = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += WORDS) {
      const key: Key = [before[at]!, before[at + 1]!, before[at + 2]!, before[at + 3]!];
      if (key.some((part) => part !== 0)) this.words.set(key, this.placeOf(key));
    }
  }
}

type Key = [number, number, number, number];
