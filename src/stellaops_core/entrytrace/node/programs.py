"""What well-known Node programs and packages load that no source says.

Comes in: nothing. Goes out: tables. Rule: a line stands here only where following the sources would miss something.

Source: each package's own documentation; Debian's nodejs, debian/rules "shared builtins".
"""

SHARED = (
    "acorn/dist/acorn.js", "acorn-walk/dist/walk.js", "amaro/dist/index.js", "cjs-module-lexer/dist/lexer.js",
    "cjs-module-lexer/lexer.js", "minimatch/minimatch.js", "undici/undici-fetch.js", "undici/loader.js",
)  # fmt: skip
"""Modules that Debian's Node has outside its program, below `usr/share/nodejs`, and loads when it starts."""
OUTPUTS = {
    "next": (".next/server", ".next/standalone"), "nuxt": (".output/server",), "nuxi": (".output/server",),
    "@nestjs/cli": ("dist",), "@remix-run/serve": ("build",), "@react-router/serve": ("build",), "astro": ("dist",),
    "@adonisjs/cli": ("build",), "sails": ("api", "config"), "@strapi/strapi": ("dist", "config", "src"),
}  # fmt: skip
"""Packages whose programs load what they were told to build, and where in the working directory that lies."""
HOSTS = frozenset({
    "@babel/core", "babel-core", "eslint", "gulp", "jest", "jest-config", "karma", "mocha", "postcss-load-config",
    "prettier", "rollup", "stylelint", "tailwindcss", "ts-node", "vite", "webpack", "webpack-cli",
})  # fmt: skip
"""Packages that load what a project's configuration names."""
NATIVE = frozenset(
    {"bindings", "node-gyp-build", "node-pre-gyp", "@mapbox/node-pre-gyp", "prebuild-install", "pkg-prebuilds"}
)
"""Packages that find and load the library that another package was built to."""
