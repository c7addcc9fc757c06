import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Who may import whom inside src/: a layer sees itself and those below it, and of the libraries only these. */
const LAYERS = [
  { layer: "graph", below: [], libraries: ["@dagrejs/dagre"] },
  { layer: "wire", below: ["graph"], libraries: [] },
  { layer: "state", below: ["graph", "wire"], libraries: ["zustand", "zustand/*"] },
];

/** One rule for each layer. Tests may import vitest too. */
function contract({ layer, below, libraries }) {
  const ours = [layer, ...below].map((name) => `./src/${name}`);
  return {
    files: [`src/${layer}/**/*.{ts,tsx}`],
    rules: {
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            {
              target: `./src/${layer}`,
              from: "./src",
              except: ours.map((folder) => folder.replace("./src/", "./")),
              message: `src/${layer} imports only itself${below.map((name) => ` and src/${name}`).join("")}.`,
            },
          ],
        },
      ],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: `^(?!\\.{1,2}(/|$)|vitest$|(${libraries.map(asPattern).join("|") || "-"})$)`,
              message: `src/${layer} uses no library but: ${libraries.join(", ") || "none"}.`,
            },
          ],
        },
      ],
    },
  };
}

function asPattern(library) {
  return library.replace("/*", "/.*");
}

export default defineConfig(
  { ignores: ["dist/", "dist-unfinished/", "node_modules/", "src/wire/generated.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat["recommended-latest"],
      jsxA11y.flatConfigs.strict,
    ],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      ...importX.flatConfigs.typescript.settings,
      "import-x/resolver-next": [createTypeScriptImportResolver()],
    },
    rules: {
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-self-import": "error",
      "import-x/no-duplicates": ["error", { "prefer-inline": true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": "off", // a union of types reads better with `type` alone
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-globals": ["error", "event", "name", "length"], // the browser's, and never what was meant
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Text is shown as text." },
      ],
      eqeqeq: "error",
    },
  },
  // A test that finds nothing where it looks fails by itself.
  { files: ["**/*.test.{ts,tsx}"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  LAYERS.map(contract),
);
