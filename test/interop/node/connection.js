'use strict'

const net = require('node:net')
const transport = require('spdy-transport')

/**
 * SPDY/3.1 on a socket. `options`: the window that we announce, and whether our header blocks are
 * compressed. `onProblem` hears of whatever goes wrong, windows that the other side oversteps included.
 */
function speak (socket, isServer, options, onProblem) {
  socket.setNoDelay(true)
  const connection = transport.connection.create(socket, {
    protocol: 'spdy',
    isServer,
    windowSize: options.window,
    headerCompression: !options.stored
  })
  connection.on('error', (error) => onProblem(`the connection: ${error.message}`))
  connection.on('frame', (frame) => checkStreamWindow(connection, frame, onProblem))
  ignoreWindowsOfForgottenStreams(connection)
  if (options.strict) giveConnectionWindowLate(connection, onProblem)
  if (!options.overstep) keepConnectionWindow(connection)
  connection.start(3.1)
  return connection
}

// The library counts but does not mind. It has not counted this frame yet.
function checkStreamWindow (connection, frame, onProblem) {
  if (frame.type !== 'DATA') return
  const stream = connection._spdyState.stream.map[frame.id]
  if (!stream) return
  const left = stream._spdyState.window.recv.current - frame.data.length
  if (left < 0) onProblem(`stream ${frame.id} oversteps its window by ${-left} bytes`)
}

// The library forgets a stream while its last data still waits, and then answers a WINDOW_UPDATE for it
// with a RST_STREAM, which overtakes that data and its FIN. Section 2.6.8 lets such an update come.
function ignoreWindowsOfForgottenStreams (connection) {
  const handle = connection._handleFrame
  connection._handleFrame = (frame) => {
    const isKnown = frame.id === 0 || frame.id in connection._spdyState.stream.map
    if (frame.type === 'WINDOW_UPDATE' && !isKnown) return
    handle.call(connection, frame)
  }
}

// The library gives the connection's window back with each frame that comes, so that nobody could
// overstep it. Here it is given back when it is used up, and a round trip has shown that the other
// side does wait.
function giveConnectionWindowLate (connection, onProblem) {
  const window = connection._spdyState.window.recv
  let waiting = false
  window.removeAllListeners('drain')
  window.on('drain', () => {
    if (window.current < 0) onProblem(`the connection's window is overstepped by ${-window.current} bytes`)
    if (window.current > 0 || waiting) return
    waiting = true
    connection.ping(() => {
      waiting = false
      connection._onSessionWindowDrain()
    })
  })
}

// The library waits while the connection's window is used up, and then sends the whole piece, of up to
// 8,192 bytes, however little was given back. Here a piece waits until the window has room for it.
function keepConnectionWindow (connection) {
  const window = connection._spdyState.window.send
  const update = window.update
  const fits = (size) => window.current + size >= 0
  window.update = (size, callback) => {
    if (size > 0 || !callback || fits(size)) return update.call(window, size, callback)
    window._refillQueue.push({ size, callback })
  }
  window._processRefillQueue = () => {
    if (window._refilling) return
    window._refilling = true
    while (window._refillQueue.length > 0 && !window.isEmpty() && fits(window._refillQueue[0].size)) {
      const { size, callback } = window._refillQueue.shift()
      update.call(window, size, callback)
    }
    window._refilling = false
  }
}

/** Accepts connections on a free port. Resolves to the server, which listens. */
function listen (onSocket) {
  return new Promise((resolve, reject) => {
    const server = net.createServer(onSocket)
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

function connect (target) {
  return new Promise((resolve, reject) => {
    const [host, port] = target.split(':')
    const socket = net.connect(Number(port), host, () => resolve(socket))
    socket.on('error', reject)
  })
}

/** Asks for a stream. `onReply` gets the headers of the SYN_REPLY; `onSent` hears of the SYN_STREAM. */
function request (connection, headers, onReply, { method = 'POST', onSent = () => {} } = {}) {
  const stream = connection.request({ method, path: '/', host: '127.0.0.1', headers }, onSent)
  stream.on('response', (status, replyHeaders) => onReply(replyHeaders))
  return stream
}

function ping (connection) {
  return new Promise((resolve) => connection.ping(resolve))
}

module.exports = { connect, listen, ping, request, speak }
