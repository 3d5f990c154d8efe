// What both programs understand: words that a case's name must contain, --quick, --rounds=N, --list.
import { parseArgs } from 'node:util';
import { chosenCases } from './cases.mjs';

export function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '15' },
    },
  });
  const cases = chosenCases(positionals, values);
  if (cases.length === 0) throw new Error(`No case contains all of: ${positionals.join(' ')}`);
  if (values.list) {
    for (const { name } of cases) console.log(name);
    process.exit(0);
  }
  return { cases, rounds: Number(values.rounds), everything: positionals.length === 0 };
}
