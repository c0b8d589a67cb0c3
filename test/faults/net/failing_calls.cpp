#include "faults/net/failing_calls.h"

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <uv.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>

// None of this takes memory: a test counts that of the library.

namespace {

struct State {
  bool counts = false;
  std::size_t left = 0;  // calls until the one that fails; 0: it has failed
  std::size_t error = 0;
  std::size_t errors = 0;  // that the failed call may report; 0: there was none
  const char* failed = "";
  int code = 0;
  std::size_t most = 0;  // bytes of a read or write; 0: any number
};
thread_local State state;

// The error of this call, if it is the one that fails.
std::optional<int> failure(const char* name, std::initializer_list<int> errors) {
  if (!state.counts || state.left == 0 || --state.left > 0) return std::nullopt;
  state.errors = errors.size();
  state.failed = name;
  state.code = *(errors.begin() + std::min(state.error, errors.size() - 1));
  return state.code;
}

// For system calls: sets errno.
bool fails(const char* name, std::initializer_list<int> errors) {
  const std::optional<int> code = failure(name, errors);
  if (code) errno = *code;
  return code.has_value();
}

// For OpenSSL: an error in its queue, as when it gets no memory.
bool openssl_fails(const char* name) {
  if (!failure(name, {ENOMEM})) return false;
  ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
  return true;
}

// The function of that name behind the one of this program.
template <class Function>
Function* next(Function*, const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) std::abort();
  return std::bit_cast<Function*>(found);
}

// libuv also reads and writes pipes and counters of its own, whose failure ends the process.
bool is_socket(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

// A write gets EPIPE from a connection that is broken for reading, too.
bool write_fails(const char* name, int fd) {
  if (!is_socket(fd) || !fails(name, {EPIPE, ECONNRESET, ENOMEM})) return false;
  if (errno == EPIPE) {
    next(&shutdown, "shutdown")(fd, SHUT_RDWR);
    errno = EPIPE;
  }
  return true;
}

bool is_short(int fd) { return state.most > 0 && is_socket(fd); }

}  // namespace

#define NEXT(function) next(&(function), #function)

// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

// ---- the system

int socket(int domain, int type, int protocol) noexcept {
  if (fails("socket", {EMFILE, ENOBUFS})) return -1;
  return NEXT(socket)(domain, type, protocol);
}

int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
  if (fails("bind", {EADDRINUSE, EACCES})) return -1;
  return NEXT(bind)(fd, address, size);
}

int listen(int fd, int backlog) noexcept {
  if (fails("listen", {EADDRINUSE})) return -1;
  return NEXT(listen)(fd, backlog);
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (fails("accept4", {EMFILE, ENOMEM, ECONNABORTED})) return -1;
  return NEXT(accept4)(fd, address, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
  if (fails("connect", {ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL})) return -1;
  return NEXT(connect)(fd, address, size);
}

int shutdown(int fd, int how) noexcept {
  if (fails("shutdown", {ENOTCONN, ENOBUFS})) return -1;
  return NEXT(shutdown)(fd, how);
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  if (fails("setsockopt", {ENOPROTOOPT, ENOMEM})) return -1;
  return NEXT(setsockopt)(fd, level, name, value, size);
}

int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
  if (fails("getsockname", {ENOBUFS})) return -1;
  return NEXT(getsockname)(fd, address, size);
}

int getpeername(int fd, sockaddr* address, socklen_t* size) noexcept {
  if (fails("getpeername", {ENOTCONN})) return -1;
  return NEXT(getpeername)(fd, address, size);
}

ssize_t read(int fd, void* to, size_t size) {
  if (is_socket(fd) && fails("read", {ECONNRESET, ETIMEDOUT})) return -1;
  return NEXT(read)(fd, to, is_short(fd) ? std::min(size, state.most) : size);
}

ssize_t write(int fd, const void* from, size_t size) {
  if (write_fails("write", fd)) return -1;
  return NEXT(write)(fd, from, is_short(fd) ? std::min(size, state.most) : size);
}

ssize_t writev(int fd, const iovec* pieces, int count) {
  if (write_fails("writev", fd)) return -1;
  if (is_short(fd) && count > 0) {
    return NEXT(write)(fd, pieces->iov_base, std::min(pieces->iov_len, state.most));
  }
  return NEXT(writev)(fd, pieces, count);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (write_fails("sendmsg", fd)) return -1;
  return NEXT(sendmsg)(fd, message, flags);
}

// ---- libuv

int uv_tcp_open(uv_tcp_t* handle, uv_os_sock_t fd) {
  if (const auto code = failure("uv_tcp_open", {UV_ENOMEM, UV_EINVAL})) return *code;
  return NEXT(uv_tcp_open)(handle, fd);
}

int uv_pipe_open(uv_pipe_t* handle, uv_file fd) {
  if (const auto code = failure("uv_pipe_open", {UV_ENOMEM})) return *code;
  return NEXT(uv_pipe_open)(handle, fd);
}

int uv_poll_init(uv_loop_t* loop, uv_poll_t* handle, int fd) {
  if (const auto code = failure("uv_poll_init", {UV_ENOMEM, UV_ENOSPC})) return *code;
  return NEXT(uv_poll_init)(loop, handle, fd);
}

int uv_async_init(uv_loop_t* loop, uv_async_t* handle, uv_async_cb call) {
  if (const auto code = failure("uv_async_init", {UV_EMFILE})) return *code;
  return NEXT(uv_async_init)(loop, handle, call);
}

int uv_getaddrinfo(uv_loop_t* loop, uv_getaddrinfo_t* request, uv_getaddrinfo_cb call,
                   const char* host, const char* service, const addrinfo* hints) {
  if (const auto code = failure("uv_getaddrinfo", {UV_ENOMEM})) return *code;
  return NEXT(uv_getaddrinfo)(loop, request, call, host, service, hints);
}

int uv_tcp_connect(uv_connect_t* request, uv_tcp_t* handle, const sockaddr* address,
                   uv_connect_cb call) {
  if (const auto code = failure("uv_tcp_connect", {UV_ENOMEM, UV_EMFILE})) return *code;
  return NEXT(uv_tcp_connect)(request, handle, address, call);
}

int uv_read_start(uv_stream_t* stream, uv_alloc_cb allocate, uv_read_cb call) {
  if (const auto code = failure("uv_read_start", {UV_ENOTCONN, UV_ENOMEM})) return *code;
  return NEXT(uv_read_start)(stream, allocate, call);
}

int uv_write(uv_write_t* request, uv_stream_t* stream, const uv_buf_t buffers[], unsigned count,
             uv_write_cb call) {
  if (const auto code = failure("uv_write", {UV_ENOMEM})) return *code;
  return NEXT(uv_write)(request, stream, buffers, count, call);
}

int uv_try_write(uv_stream_t* stream, const uv_buf_t buffers[], unsigned count) {
  if (const auto code = failure("uv_try_write", {UV_EAGAIN, UV_ENOMEM})) return *code;
  return NEXT(uv_try_write)(stream, buffers, count);
}

int uv_shutdown(uv_shutdown_t* request, uv_stream_t* stream, uv_shutdown_cb call) {
  if (const auto code = failure("uv_shutdown", {UV_ENOTCONN})) return *code;
  return NEXT(uv_shutdown)(request, stream, call);
}

int uv_tcp_nodelay(uv_tcp_t* handle, int enable) {
  if (const auto code = failure("uv_tcp_nodelay", {UV_EINVAL})) return *code;
  return NEXT(uv_tcp_nodelay)(handle, enable);
}

// ---- OpenSSL: functions that need memory

SSL_CTX* SSL_CTX_new(const SSL_METHOD* method) {
  return openssl_fails("SSL_CTX_new") ? nullptr : NEXT(SSL_CTX_new)(method);
}

SSL* SSL_new(SSL_CTX* context) {
  return openssl_fails("SSL_new") ? nullptr : NEXT(SSL_new)(context);
}

BIO* BIO_new(const BIO_METHOD* method) {
  return openssl_fails("BIO_new") ? nullptr : NEXT(BIO_new)(method);
}

BIO* BIO_new_mem_buf(const void* bytes, int size) {
  return openssl_fails("BIO_new_mem_buf") ? nullptr : NEXT(BIO_new_mem_buf)(bytes, size);
}

BIO_METHOD* BIO_meth_new(int type, const char* name) {
  return openssl_fails("BIO_meth_new") ? nullptr : NEXT(BIO_meth_new)(type, name);
}

X509* PEM_read_bio_X509(BIO* from, X509** certificate, pem_password_cb* call, void* argument) {
  if (openssl_fails("PEM_read_bio_X509")) return nullptr;
  return NEXT(PEM_read_bio_X509)(from, certificate, call, argument);
}

EVP_PKEY* PEM_read_bio_PrivateKey(BIO* from, EVP_PKEY** key, pem_password_cb* call,
                                  void* argument) {
  if (openssl_fails("PEM_read_bio_PrivateKey")) return nullptr;
  return NEXT(PEM_read_bio_PrivateKey)(from, key, call, argument);
}

int SSL_CTX_use_certificate(SSL_CTX* context, X509* certificate) {
  if (openssl_fails("SSL_CTX_use_certificate")) return 0;
  return NEXT(SSL_CTX_use_certificate)(context, certificate);
}

int SSL_CTX_use_PrivateKey(SSL_CTX* context, EVP_PKEY* key) {
  if (openssl_fails("SSL_CTX_use_PrivateKey")) return 0;
  return NEXT(SSL_CTX_use_PrivateKey)(context, key);
}

X509_STORE* X509_STORE_new() {
  return openssl_fails("X509_STORE_new") ? nullptr : NEXT(X509_STORE_new)();
}

int X509_STORE_add_cert(X509_STORE* store, X509* certificate) {
  if (openssl_fails("X509_STORE_add_cert")) return 0;
  return NEXT(X509_STORE_add_cert)(store, certificate);
}

int X509_VERIFY_PARAM_set1_host(X509_VERIFY_PARAM* parameters, const char* name, size_t size) {
  if (openssl_fails("X509_VERIFY_PARAM_set1_host")) return 0;
  return NEXT(X509_VERIFY_PARAM_set1_host)(parameters, name, size);
}

int X509_VERIFY_PARAM_set1_ip_asc(X509_VERIFY_PARAM* parameters, const char* address) {
  if (openssl_fails("X509_VERIFY_PARAM_set1_ip_asc")) return 0;
  return NEXT(X509_VERIFY_PARAM_set1_ip_asc)(parameters, address);
}

SSL_SESSION* SSL_SESSION_dup(const SSL_SESSION* session) {
  return openssl_fails("SSL_SESSION_dup") ? nullptr : NEXT(SSL_SESSION_dup)(session);
}

int SSL_set_session(SSL* ssl, SSL_SESSION* session) {
  return openssl_fails("SSL_set_session") ? 0 : NEXT(SSL_set_session)(ssl, session);
}

int SSL_do_handshake(SSL* ssl) {
  return openssl_fails("SSL_do_handshake") ? -1 : NEXT(SSL_do_handshake)(ssl);
}

int SSL_read_ex(SSL* ssl, void* to, size_t size, size_t* count) {
  return openssl_fails("SSL_read_ex") ? 0 : NEXT(SSL_read_ex)(ssl, to, size, count);
}

int SSL_write_ex(SSL* ssl, const void* from, size_t size, size_t* count) {
  return openssl_fails("SSL_write_ex") ? 0 : NEXT(SSL_write_ex)(ssl, from, size, count);
}

int SSL_shutdown(SSL* ssl) { return openssl_fails("SSL_shutdown") ? -1 : NEXT(SSL_shutdown)(ssl); }
}
// NOLINTEND(readability-identifier-naming)

namespace uvspdy::test {

FailingCall::FailingCall(std::size_t number, std::size_t error) {
  state.counts = true;
  state.left = number;
  state.error = error;
  state.errors = 0;
}

FailingCall::~FailingCall() {
  state.counts = false;
  state.left = 0;
}

bool FailingCall::reached() const { return state.errors > 0; }
std::size_t FailingCall::errors() const { return state.errors; }

std::string FailingCall::text() const {
  return reached() ? std::string(state.failed) + ": " + std::strerror(std::abs(state.code))
                   : "nothing has failed";
}

ShortCalls::ShortCalls(std::size_t most) { state.most = most; }
ShortCalls::~ShortCalls() { state.most = 0; }

}  // namespace uvspdy::test
