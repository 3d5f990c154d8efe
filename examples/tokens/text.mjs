// Tokens as text, one after the other, as a reader wants it: no space before a mark, capitals where a sentence or a line
// begins.

/** @returns a function from a token, or '\n' for a new line, to the text that it adds */
export function writer() {
  let isFirst = true;
  let wantsCapital = true;
  return (token) => {
    if (token === '\n') {
      isFirst = true;
      wantsCapital = true;
      return token;
    }
    const isMark = /^[.,;!?]$/.test(token);
    const space = isFirst || isMark ? '' : ' ';
    const isCapital = wantsCapital || token === 'i' || token.startsWith("i'");
    isFirst = false;
    wantsCapital = isMark && /[.!?]/.test(token);
    return space + (isCapital ? token.charAt(0).toUpperCase() + token.slice(1) : token);
  };
}
