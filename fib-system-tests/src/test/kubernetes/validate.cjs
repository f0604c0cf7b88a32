// Reads a JSON array of KEDA's objects and writes a line for whatever is wrong with them: nothing, where all are right.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

// The validators let unknown fields pass, by never looking at them.
function watched(value, path, unseen) {
  if (value === null || typeof value !== "object") {
    return value;
  }
  const fields = new Map();
  for (const name of Object.keys(value)) {
    unseen.add(`${path}/${name}`);
    fields.set(name, watched(value[name], `${path}/${name}`, unseen));
  }
  return new Proxy(value, {
    get(target, name) {
      unseen.delete(`${path}/${String(name)}`);
      return fields.has(name) ? fields.get(name) : target[name];
    },
  });
}

for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const schema = `KedaShV1alpha1${object.kind}.js`;
  const { validate } = require(join(__dirname, "node_modules/@kubernetes-models/keda/_schemas", schema));
  const unseen = new Set();
  if (validate({ ...object, spec: watched(object.spec, "spec", unseen) })) {
    unseen.forEach((path) => console.log(`${path} is no field`));
  } else {
    validate.errors.forEach((error) => console.log(`${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`));
  }
}
