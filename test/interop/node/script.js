'use strict'

const { ping, request } = require('./connection')
const { Check, fill } = require('./pattern')

const DATA_STEP = 20000

/**
 * One stream's life, step by step, as both ends have it before them (test/interop/README.md says what
 * the steps are): each does its own and awaits the effect of the other's.
 */
class Script {
  constructor (connection, me, index, text) {
    this.connection = connection
    this.me = me
    this.index = index
    this.text = text
    this.steps = text.split(' ')
    const data = this.steps.filter((step) => step[0] !== me && step[1] === 'd')
    this.check = new Check(index, data.length * DATA_STEP)
    this.sent = 0
    this.awaited = 0
    this.accepted = false
    this.ended = false
    this.closed = null // how, once it is
    this.changed = () => {}
  }

  /** The client's part, to the end. */
  async play () {
    const headers = { streamtype: 'script', index: String(this.index), script: this.text }
    const onReply = () => {
      this.accepted = true
      this.changed()
    }
    const method = this.steps[0] === 'cO' ? 'GET' : 'POST' // the library half-closes a GET at once
    // A reset would overtake the SYN_STREAM, which is compressed first.
    await new Promise((resolve) => {
      this.attach(request(this.connection, headers, onReply, { method, onSent: resolve }))
    })
    await this.run()
  }

  /** The server's. */
  async playOn (stream) {
    this.attach(stream)
    await this.run()
  }

  attach (stream) {
    this.stream = stream
    stream.on('data', (data) => {
      try {
        this.check.take(data)
      } catch (error) {
        this.problem = error
      }
      this.changed()
    })
    stream.on('end', () => {
      this.ended = true
      this.changed()
    })
    stream.on('error', () => {}) // of a reset with another status than CANCEL; a close follows
    stream.on('close', (error) => {
      this.closed = { reset: Boolean(error) }
      this.changed()
    })
  }

  async run () {
    for (const step of this.steps.slice(1)) {
      if (step[0] === this.me) await this.act(step[1])
      else await this.until(() => this.seen(step[1]), step)
    }
    const last = this.steps[this.steps.length - 1]
    await this.until(() => this.closed, 'the close')
    if (!this.check.complete) throw new Error(`closed after ${this.check}`)
    if (this.closed.reset !== (last[1] === 'r')) throw new Error(this.closed.reset ? 'reset' : 'not reset')
  }

  async act (what) {
    if (this.closed) throw new Error(`closed ahead of an own ${what}`)
    switch (what) {
      case 'a':
      case 'A':
        // A reset would overtake the reply, which is compressed first.
        await new Promise((resolve) => this.stream.respond(200, {}, resolve))
        if (what === 'A') await this.halfClose()
        return
      case 'd': {
        const data = fill(Buffer.alloc(DATA_STEP), this.index, this.sent)
        this.sent += data.length
        return new Promise((resolve, reject) => {
          this.stream.write(data, (error) => error ? reject(error) : resolve())
        })
      }
      case 'f':
        return this.halfClose()
      case 'r':
        return new Promise((resolve) => this.stream.abort('CANCEL', resolve))
      default:
        throw new Error('there is no such step')
    }
  }

  // The library lets a reset overtake the end as long as that is queued.
  async halfClose () {
    await new Promise((resolve) => {
      this.stream.once('finish', resolve)
      this.stream.end()
    })
    do {
      await ping(this.connection)
    } while (this.connection._spdyState.framer.count > 0)
  }

  seen (what) {
    switch (what) {
      case 'a':
        return this.accepted
      case 'd':
        if (this.check.received < this.awaited + DATA_STEP) return false
        this.awaited += DATA_STEP
        return true
      case 'A':
      case 'f':
        return this.ended
      case 'r':
        return this.closed
      default:
        throw new Error('there is no such step')
    }
  }

  async until (condition, what) {
    while (!condition()) {
      if (this.problem) throw this.problem
      if (this.closed) throw new Error(`closed ahead of ${what}`)
      await new Promise((resolve) => { this.changed = resolve })
    }
  }
}

async function play (script, run) {
  try {
    await run()
  } catch (error) {
    throw new Error(`script ${script.index} (${script.text}): ${error.message}`)
  }
}

async function scripts (connection, lines) {
  await Promise.all(lines.map((line, index) => {
    const script = new Script(connection, 'c', index, line)
    return play(script, () => script.play())
  }))
  await ping(connection)
  return `${lines.length} scripts as written, and the connection lives`
}

/** A stream of a server's; resolves to a line for its log. */
async function serveScript (connection, stream) {
  const script = new Script(connection, 's', Number(stream.headers.index), stream.headers.script)
  await play(script, () => script.playOn(stream))
  return `script ${script.index}: as written`
}

module.exports = { scripts, serveScript }
