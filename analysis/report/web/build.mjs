// Bundles the report's script and style into one HTML file without any reference to the network.
// Usage: node build.mjs OUTPUT. The data takes the place of the marker @@DATA@@ when a report is written.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const output = process.argv[2] ?? 'dist/report.html';
const bundle = await build({
  entryPoints: ['src/main.js'], bundle: true, minify: true, format: 'iife', target: 'es2020',
  legalComments: 'none', write: false,
});
const script = bundle.outputFiles[0].text.replaceAll('</script', '<\\/script');
const style = readFileSync('src/style.css', 'utf8');
// Functions as replacements, because a bundle contains `$&` and the like.
const page = readFileSync('src/page.html', 'utf8')
  .replace('/*@@STYLE@@*/', () => style)
  .replace('/*@@SCRIPT@@*/', () => script);
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, page);
