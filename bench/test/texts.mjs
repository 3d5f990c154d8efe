// Installs what the models of some tests learn from. Before they run: files of tests run side by side, and all of them would
// find it missing.
import { installTexts } from '../../examples/words/install.mjs';

installTexts();
