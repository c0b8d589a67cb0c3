'use strict'

const { request } = require('./connection')

// Letters by chance or text that repeats itself. The library takes values for UTF-8, so bytes by
// chance would not come back.
function makeValue (size, kind) {
  let value = ''
  for (let i = 0; i < size; i++) {
    value += kind === 'letters'
      ? String.fromCharCode(48 + Math.floor(Math.random() * 64))
      : "a header's value "[i % 17]
  }
  return value
}

/** Answers with the very field that came, and ends. */
function mirror (stream) {
  stream.resume()
  stream.respond(200, { v: stream.headers.v })
  stream.end()
}

/** Streams with a header of each size, one after another, on each of which the server mirrors it. */
async function headers (connection, lines) {
  for (const line of lines) {
    const [size, kind] = line.split(' ')
    const v = makeValue(Number(size), kind)
    await new Promise((resolve, reject) => {
      const fail = (problem) => reject(new Error(`a value of ${line}: ${problem}`))
      const stream = request(connection, { v }, (reply) => {
        if (reply.v !== v) return fail('another came back')
        stream.on('end', resolve)
        stream.resume()
        stream.end()
      })
      stream.on('error', (error) => fail(error.message))
      stream.on('close', (error) => error && fail(error.message))
    })
  }
  return `${lines.length} header blocks mirrored`
}

module.exports = { headers, mirror }
