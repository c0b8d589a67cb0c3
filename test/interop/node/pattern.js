'use strict'

// Bytes `offset` and on of what stream `index` sends: 32-bit words, little-endian, each a hash of its
// place, as all peers make them (test/interop/README.md).

function word (index, number) {
  let w = (Math.imul(index, 0x9e3779b1) + number) | 0
  w = Math.imul(w ^ (w >>> 16), 0x85ebca6b)
  w = Math.imul(w ^ (w >>> 13), 0xc2b2ae35)
  return w ^ (w >>> 16)
}

function byteAt (index, at) {
  return (word(index, Math.floor(at / 4)) >>> (at % 4 * 8)) & 0xff
}

function fill (out, index, offset) {
  let i = 0
  for (; i < out.length && (offset + i) % 4 !== 0; i++) out[i] = byteAt(index, offset + i)
  for (let number = (offset + i) / 4; i + 4 <= out.length; i += 4, number++) {
    const w = word(index, number)
    out[i] = w
    out[i + 1] = w >>> 8
    out[i + 2] = w >>> 16
    out[i + 3] = w >>> 24
  }
  for (; i < out.length; i++) out[i] = byteAt(index, offset + i)
  return out
}

/** Compares what comes on a stream with its pattern; throws at the first difference. */
class Check {
  constructor (index, bytes) {
    this.index = index
    this.bytes = bytes
    this.received = 0
  }

  take (data) {
    const expected = fill(Buffer.alloc(data.length), this.index, this.received)
    if (this.received + data.length > this.bytes) throw new Error(`more came than ${this.bytes} bytes`)
    if (!data.equals(expected)) {
      const at = data.findIndex((byte, i) => byte !== expected[i])
      throw new Error(`byte ${this.received + at} is ${data[at]}, not ${expected[at]}`)
    }
    this.received += data.length
  }

  get complete () {
    return this.received === this.bytes
  }

  toString () {
    return `${this.received} of ${this.bytes} bytes`
  }
}

/** Sends a stream's pattern, then its end, as fast as the stream takes it. */
function send (stream, index, bytes) {
  let sent = 0
  const more = () => {
    while (sent < bytes) {
      const piece = fill(Buffer.alloc(Math.min(32 * 1024, bytes - sent)), index, sent)
      sent += piece.length
      if (!stream.write(piece)) {
        stream.once('drain', more)
        return
      }
    }
    stream.end()
  }
  more()
}

module.exports = { Check, fill, send }
