// Stands in for jsr:@std/path (file paths) where npm can be reached and JSR cannot.
// @ts-types="./mod.d.ts"
export * from "deno-std/path/mod.js";
