#!/usr/bin/env node
'use strict'

// The Node end of the interoperability tests: spdy-transport, driven from a command line. README.md
// says what the commands are.

const fs = require('node:fs')
const { parseArgs } = require('node:util')

const { connect, listen, ping, speak } = require('./connection')
const { headers, mirror } = require('./headers')
const { scripts, serveScript } = require('./script')
const { echo, sink, source, stall, transfer } = require('./transfer')

const report = (line) => process.stderr.write(`peer: ${line}\n`)

function accept (connection, stream) {
  stream.on('error', () => {}) // the library's word for some resets; a close follows
  const type = stream.headers.streamtype
  if (stream.headers.v !== undefined) return mirror(stream)
  if (type === 'script') {
    serveScript(connection, stream).then(report, (error) => report(error.message))
    return
  }
  stream.respond(200, {})
  if (type === 'source') source(stream)
  else if (type === 'sink') sink(stream, report)
  else echo(stream)
}

async function serve (options) {
  const server = await listen((socket) => {
    const connection = speak(socket, true, options, report)
    connection.on('stream', (stream) => accept(connection, stream))
  })
  process.on('SIGTERM', () => process.exit(0))
  process.stdout.write(`listening on 127.0.0.1:${server.address().port}\n`)
}

const linesOfStdin = () => fs.readFileSync(0, 'utf8').split('\n').filter((line) => line !== '')

async function pings (connection, options) {
  for (let i = 0; i < options.count; i++) await ping(connection)
  return `${options.count} pings answered`
}

const WORK = {
  upload: (connection, options) => transfer(connection, options, 'upload'),
  download: (connection, options) => transfer(connection, options, 'download'),
  echo: (connection, options) => transfer(connection, options, 'echo'),
  stall,
  pings,
  scripts: (connection) => scripts(connection, linesOfStdin()),
  headers: (connection) => headers(connection, linesOfStdin())
}

async function work (command, target, options) {
  const socket = await connect(target)
  const result = await new Promise((resolve, reject) => {
    const fail = (problem) => reject(new Error(problem))
    setTimeout(fail, options.timeout * 1000, `timed out after ${options.timeout} s`).unref()
    const connection = speak(socket, false, options, fail)
    const closed = () => fail('the connection ended')
    connection.on('close', closed)
    WORK[command](connection, options).then((line) => {
      connection.removeListener('close', closed)
      connection.end(() => resolve(line))
    }, reject)
  })
  process.stdout.write(result + '\n')
}

function parse (args) {
  const whole = { type: 'string' }
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      streams: { ...whole, default: '1' },
      bytes: { ...whole, default: '0' },
      count: { ...whole, default: '1' },
      window: { ...whole, default: String(1 << 20) },
      timeout: { ...whole, default: '60' },
      stored: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      overstep: { type: 'boolean', default: false }
    }
  })
  for (const name of ['streams', 'bytes', 'count', 'window', 'timeout']) {
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name} takes a number`)
    values[name] = Number(values[name])
  }
  const [command, target] = positionals
  if (command === 'serve' ? positionals.length !== 1 : !WORK[command] || positionals.length !== 2) {
    throw new Error('see README.md for the commands')
  }
  return { command, target, options: values }
}

async function main () {
  let parsed
  try {
    parsed = parse(process.argv.slice(2))
  } catch (error) {
    report(error.message)
    process.exit(2)
  }
  const { command, target, options } = parsed
  if (command === 'serve') return serve(options)
  await work(command, target, options)
  process.exit(0)
}

main().catch((error) => {
  report(error.message)
  process.exit(1)
})
