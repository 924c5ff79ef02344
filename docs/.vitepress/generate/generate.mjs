// @ts-check
// Writes the pages that are not in the repository: the API reference and the readmes of the packages. VitePress builds them
// like all other pages. `--without-api` leaves the reference as it is, which takes most of the time.
import { generateApi } from './api.mjs';
import { generateEnglishPages } from './english-pages.mjs';
import { generatePackagePages } from './package-pages.mjs';

generatePackagePages();
if (!process.argv.includes('--without-api')) await generateApi();
generateEnglishPages();
