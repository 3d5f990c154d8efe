// A grammar as engines for constrained decoding have it: for each state of the text the set of tokens that may follow, as
// a bit for each token of the vocabulary. This one writes acrostics: lines of a given number of words, of which the first
// begins with the next letter of a word.

/**
 * @param vocabulary the tokens as text
 * @param options `letters`: what the lines begin with; `words`: how many words a line has; `start`: how many tokens stand
 *   before the first line
 * @returns a function from the tokens so far to the bits of those that may follow; undefined after the last line
 */
export function acrostic(vocabulary, { letters, words, start }) {
  const isWord = vocabulary.map((token) => /^[a-z]/.test(token));
  const beginnings = [...letters].map((letter) => bitsOf(vocabulary, (token) => token.startsWith(letter)));
  const anyWord = bitsOf(vocabulary, (_, id) => isWord[id]);
  const wordOrMark = bitsOf(vocabulary, (token, id) => isWord[id] || token === ',' || token === ';');
  const missing = [...letters].find((_, i) => beginnings[i].every((word) => word === 0));
  if (missing !== undefined) throw new RangeError(`No token of the vocabulary begins with ${missing}`);
  const fullStop = bitsOf(vocabulary, (token) => token === '.');
  return (ids) => {
    const written = ids.slice(start);
    const count = written.filter((id) => isWord[id]).length;
    if (count % words === 0) {
      const last = written[written.length - 1];
      if (count < words * letters.length) return beginnings[count / words];
      return isWord[last] ? fullStop : undefined;
    }
    // No two marks in a row.
    return isWord[written[written.length - 1]] ? wordOrMark : anyWord;
  };
}

/** A bit for each token that fits: bit id % 32 of word id / 32. */
function bitsOf(vocabulary, fits) {
  const bits = new Uint32Array(Math.ceil(vocabulary.length / 32));
  vocabulary.forEach((token, id) => {
    if (fits(token, id)) bits[id >>> 5] |= 1 << (id & 31);
  });
  return bits;
}
