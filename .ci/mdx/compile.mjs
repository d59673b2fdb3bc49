// Compiles an MDX file as ConductorOne's documentation does, and refuses what its pages may not contain. Nothing of the
// file is run.
import { readFile } from "node:fs/promises";
import process from "node:process";

import { compile } from "@mdx-js/mdx";
import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";

const components = new Set(["Card", "Check", "Frame", "Icon", "Info", "Note", "Step", "Steps", "Tab", "Tabs", "Tip", "Warning"]);
const forbidden = {
  html: "raw HTML",
  mdxjsEsm: "an import or export",
  mdxFlowExpression: "an expression",
  mdxTextExpression: "an expression",
};

// The marks of the parts that ConductorOne's generator replaces, the only comments of the page.
const marker = /^\/\* AUTO-GENERATED:(START|END) - (capabilities|config-params)(\n\s+Generated from (baton_capabilities|config_schema)\.json\. Do not edit manually\.)? \*\/$/;

const file = process.argv[2];
const found = [];
const count = { heading: 0, table: 0, code: 0, component: 0 };

function inspect(node) {
  const report = (what) => found.push(`${file}:${node.position?.start.line ?? "?"}: ${what}`);
  if (node.type in count) count[node.type]++;
  const isMarker = node.type === "mdxFlowExpression" && marker.test(node.value);
  if (node.type in forbidden && !isMarker) report(forbidden[node.type]);
  if (node.type === "mdxJsxFlowElement" || node.type === "mdxJsxTextElement") {
    count.component++;
    if (!components.has(node.name)) report(`the component ${node.name ?? "<>"} is not one of ${[...components].join(", ")}`);
    for (const attribute of node.attributes) {
      if (attribute.type !== "mdxJsxAttribute" || typeof attribute.value === "object") report("an attribute that is an expression");
      else if (/^on/i.test(attribute.name)) report("an event handler");
    }
  }
  for (const child of node.children ?? []) inspect(child);
}

await compile(await readFile(file, "utf8"), { remarkPlugins: [remarkFrontmatter, remarkGfm, () => inspect] });
if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
console.log(`${file} compiles: ${Object.entries(count).map(([what, n]) => `${n} ${what}s`).join(", ")}`);
