// What the tests of this folder share. They want in the environment: BOOTSTRAP and PIXMILL, the programs; SOURCE, the project.
'use strict';
const { mkdtempSync, mkdirSync, rmSync, copyFileSync, readdirSync, writeFileSync } = require('fs');
const { tmpdir } = require('os');
const path = require('path');
const { Runtime } = require('./runtime.js');

const { BOOTSTRAP, PIXMILL, SOURCE } = process.env;

// A folder with the app in ./app, and more or other files of it, which goes with `remove`.
function makeWorld(files = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pixmill-lambda-'));
  mkdirSync(path.join(folder, 'app'));
  mkdirSync(path.join(folder, 'state'));
  for (const name of readdirSync(path.join(SOURCE, 'pipelines'))) {
    if (/\.yaml$/.test(name) && !/\.test\.yaml$/.test(name)) copyFileSync(path.join(SOURCE, 'pipelines', name), path.join(folder, 'app', name));
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, 'app', name), text);
  return { folder, app: path.join(folder, 'app'), state: path.join(folder, 'state'),
    remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function startFunction(world, handler, env = {}) {
  const runtime = new Runtime();
  await runtime.start();
  runtime.loops = Number(env.AWS_LAMBDA_MAX_CONCURRENCY ?? 1);
  return runtime.run(BOOTSTRAP, { PIXMILL_PROJECT: world.app, PIXMILL_STATE: world.state, _HANDLER: handler, PIXMILL_PROFILE: 'local', ...env });
}

const photo = path.join(SOURCE, 'examples', 'photo.jpg');

module.exports = { makeWorld, startFunction, photo, BOOTSTRAP, PIXMILL, SOURCE };
