// A user's CommonJS module: Node >= 20.19 can require an ES module.
const assert = require('node:assert/strict')
const { EventAggregator, getRootIdsFromEvent } = require('pg-capture')
const { version } = require('pg-capture/package.json')

assert.equal(typeof EventAggregator, 'function')
assert.equal(typeof getRootIdsFromEvent, 'function')
assert.match(version, /^\d+\.\d+\.\d+/)
assert.throws(() => require('pg-capture/dist/index.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' })
assert.equal(typeof require('pg-capture/sources/pgoutput').PgoutputSource, 'function')
