#include "admin/server.h"

#include <pthread.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "admin/listener.h"
#include "admin/session.h"
#include "admin/token.h"
#include "base/log.h"

namespace isrd::admin {
namespace {

namespace asio = boost::asio;

constexpr std::size_t sessions_max = 64;
constexpr std::chrono::seconds stop_max{1};
constexpr std::chrono::milliseconds accept_pause{100};

void log_escaped(std::exception_ptr exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    log_error("admin: a connection ended with an error: {}", escape(error.what()));
  }
}

}  // namespace

struct Server::Impl {
  Impl(const AdminOptions& options, Control& control, Listener opened, std::string secret)
      : listener(std::move(opened)),
        shared{control, Gate(std::move(secret), options.listen.host, options.metrics_open), {}},
        acceptor(io, Session::Protocol(listener.family(), 0), listener.release()),
        room(io),
        deadline(io) {}

  // Any thread.
  Listener listener;
  std::once_flag stopped;
  std::thread thread;

  // Only on the thread, once that runs.
  asio::io_context io{1};
  Shared shared;
  asio::basic_socket_acceptor<Session::Protocol> acceptor;
  asio::steady_timer room;  // cancelled, which wakes the accept loop, when a session ends
  asio::steady_timer deadline;
  std::set<std::shared_ptr<Session>> sessions;

  void run();
  static asio::awaitable<void> accept_all(Impl& impl);
  void begin(Session::Socket socket);
  void ended(const std::shared_ptr<Session>& session);
  void make_room();
  void begin_stop();
};

void Server::Impl::run() {
  ::pthread_setname_np(::pthread_self(), "isrd-admin");
  asio::co_spawn(io, accept_all(*this), log_escaped);
  io.run();
}

asio::awaitable<void> Server::Impl::accept_all(Impl& impl) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  while (!impl.shared.stopping) {
    Session::Socket socket(impl.io);
    co_await impl.acceptor.async_accept(socket, token);
    if (error && !impl.shared.stopping) {
      // No descriptors or no memory: what made them scarce may pass.
      impl.shared.refusals.warn("admin: no connection accepted: {}", error.message());
      impl.room.expires_after(accept_pause);
      co_await impl.room.async_wait(token);
      continue;
    }
    if (impl.sessions.size() >= sessions_max) impl.make_room();
    while (impl.sessions.size() >= sessions_max && !impl.shared.stopping) {
      impl.room.expires_at(std::chrono::steady_clock::time_point::max());
      co_await impl.room.async_wait(token);
    }
    if (!impl.shared.stopping) impl.begin(std::move(socket));
  }
}

void Server::Impl::begin(Session::Socket socket) {
  auto session = std::make_shared<Session>(std::move(socket), shared);
  sessions.insert(session);
  asio::co_spawn(io, Session::serve(session), [this, session](std::exception_ptr exception) {
    log_escaped(std::move(exception));
    ended(session);
  });
}

void Server::Impl::ended(const std::shared_ptr<Session>& session) {
  sessions.erase(session);
  room.cancel();
  if (shared.stopping && sessions.empty()) deadline.cancel();
}

/// Closes the session that has waited longest for a request. One in the midst of an answer is never
/// cut.
void Server::Impl::make_room() {
  Session* longest = nullptr;
  for (const auto& session : sessions) {
    if (!session->waiting_since()) continue;
    if (longest == nullptr || *session->waiting_since() < *longest->waiting_since())
      longest = session.get();
  }
  if (longest != nullptr) longest->close();
}

/// Every wait of the thread ends through this, at the latest with the deadline: then io.run() has
/// no work left.
void Server::Impl::begin_stop() {
  shared.stopping = true;
  acceptor.close();
  room.cancel();
  for (const auto& session : sessions) {
    if (session->waiting_since()) session->close();
  }
  if (sessions.empty()) return;
  deadline.expires_after(stop_max);
  deadline.async_wait([this](boost::system::error_code error) {
    if (error) return;
    for (const auto& session : sessions) session->close();
  });
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::start(const AdminOptions& options, Control& control) {
  auto listener = Listener::open(options.listen);
  if (!listener) return listener.error();
  auto token = server_token(options);
  if (!token) return token.error();
  const std::string where = print(listener->address());
  try {
    auto impl = std::make_unique<Impl>(options, control, std::move(*listener), std::move(*token));
    impl->thread = std::thread(&Impl::run, impl.get());
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::exception& error) {
    return Error{"admin port " + where + ": " + error.what()};
  }
}

Server::~Server() { stop(); }

const net::Address& Server::listening() const { return impl_->listener.address(); }

const std::string& Server::token() const { return impl_->shared.gate.token(); }

void Server::stop() {
  std::call_once(impl_->stopped, [this] {
    ISRD_ASSERT(std::this_thread::get_id() != impl_->thread.get_id());
    asio::post(impl_->io, [this] { impl_->begin_stop(); });
    impl_->thread.join();
  });
}

}  // namespace isrd::admin
