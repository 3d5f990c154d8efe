// The binary of this environment, or why there is none: found once, when the library is first loaded.
import { loadAddon } from './load';

export const { addon, reason } = loadAddon();
