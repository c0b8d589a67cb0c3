'use strict'

const { request } = require('./connection')
const { Check, send } = require('./pattern')

const RECEIVED = 'ok' // what the receiver of a whole upload answers
const ECHOED = 100000 // by each stream beside a stalled one: more than a window

const number = (headers, name) => Number(headers[name] || 0)

// ---- the server's side

function source (stream) {
  stream.resume()
  send(stream, number(stream.headers, 'index'), number(stream.headers, 'bytes'))
}

function sink (stream, onProblem) {
  const check = new Check(number(stream.headers, 'index'), number(stream.headers, 'bytes'))
  const fail = (problem) => {
    onProblem(`stream ${stream.id}: ${problem}`)
    stream.abort()
  }
  stream.on('data', (data) => {
    try {
      check.take(data)
    } catch (error) {
      fail(error.message)
    }
  })
  stream.on('end', () => {
    if (!check.complete) return fail(`the end came after ${check}`)
    stream.end(RECEIVED)
  })
}

function echo (stream) {
  stream.pipe(stream)
}

// ---- the client's

/** One stream's part of a transfer. Resolves when it is over and all is well. */
class Part {
  constructor (connection, direction, index, bytes) {
    this.connection = connection
    this.direction = direction
    this.index = index
    this.bytes = bytes
    this.check = new Check(index, direction === 'upload' ? 0 : bytes)
  }

  /** `stalled`: nothing is read before `read`. */
  open (stalled = false) {
    const streamtype = { upload: 'sink', download: 'source', echo: 'echo' }[this.direction]
    return new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = (problem) => reject(new Error(`stream ${this.index}: ${problem}`))
      const headers = { streamtype, index: String(this.index), bytes: String(this.bytes) }
      this.stream = request(this.connection, headers, () => {
        if (!stalled) this.read()
        send(this.stream, this.index, this.direction === 'download' ? 0 : this.bytes)
      })
      this.stream.on('error', (error) => this.reject(error.message))
      // Without an error it may come ahead of the end's event.
      this.stream.on('close', (error) => error && this.reject(`closed after ${this.check}: ${error.message}`))
    })
  }

  read () {
    let answer = ''
    this.stream.on('data', (data) => {
      if (this.direction === 'upload') {
        answer += data
        return
      }
      try {
        this.check.take(data)
      } catch (error) {
        this.reject(error.message)
      }
    })
    this.stream.on('end', () => {
      if (!this.check.complete) return this.reject(`the end came after ${this.check}`)
      if (this.direction === 'upload' && answer !== RECEIVED) return this.reject(`the answer was "${answer}"`)
      this.resolve()
    })
  }
}

async function transfer (connection, options, direction) {
  const parts = Array.from({ length: options.streams }, (_, index) =>
    new Part(connection, direction, index, options.bytes).open())
  await Promise.all(parts)
  return `${direction}: ${parts.length} of ${parts.length} streams with ${options.bytes} bytes`
}

/** Leaves one stream of downloaded data unread, has others echoed meanwhile, then reads it all. */
async function stall (connection, options) {
  const stalled = new Part(connection, 'download', 0, options.bytes)
  const over = stalled.open(true)
  const others = Array.from({ length: options.streams }, (_, index) =>
    new Part(connection, 'echo', index + 1, ECHOED).open())
  await Promise.race([Promise.all(others), over])
  stalled.read()
  await over
  return `stall: ${others.length} other streams echoed, then ${options.bytes} bytes`
}

module.exports = { echo, sink, source, stall, transfer }
