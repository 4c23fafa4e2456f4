#include "net/socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace isrd::net {

Socket::Socket(Worker& worker, int fd, bool connecting)
    : worker_(worker), fd_(fd), may_read_(!connecting), may_write_(!connecting) {
  try {
    worker.watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
  } catch (...) {
    ::close(fd);
    throw;
  }
}

Socket::~Socket() {
  ISRD_ASSERT(!reader_ && !writer_);
  ::close(fd_);
}

IoResult Socket::read_some(std::span<char> into) {
  if (!may_read_) return {IoResult::Kind::would_block, 0, 0};
  for (;;) {
    const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
    if (count > 0) {
      // A short read emptied the buffer: what comes later is a new edge (epoll(7)). A FIN that was
      // seen already would not be.
      if (static_cast<std::size_t>(count) < into.size() && !peer_finished_) may_read_ = false;
      return {IoResult::Kind::bytes, static_cast<std::size_t>(count), 0};
    }
    if (count == 0) return {IoResult::Kind::end, 0, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      may_read_ = false;
      return {IoResult::Kind::would_block, 0, 0};
    }
    dead_ = true;
    return {IoResult::Kind::error, 0, errno};
  }
}

IoResult Socket::write_some(std::span<const iovec> parts, bool more) {
  if (!may_write_) return {IoResult::Kind::would_block, 0, 0};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  const int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  for (;;) {
    const ssize_t count = parts.size() == 1
                              ? ::send(fd_, parts[0].iov_base, parts[0].iov_len, flags)
                              : ::sendmsg(fd_, &message, flags);
    if (count >= 0) return {IoResult::Kind::bytes, static_cast<std::size_t>(count), 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      may_write_ = false;
      return {IoResult::Kind::would_block, 0, 0};
    }
    dead_ = true;
    return {IoResult::Kind::error, 0, errno};
  }
}

bool Socket::is_silent() const {
  char byte;
  return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Socket::on_ready(std::uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) peer_finished_ = true;
  if (events & (EPOLLHUP | EPOLLERR)) dead_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    may_read_ = true;
    wake_slot(worker_, reader_, Wake::ready);
  }
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
    may_write_ = true;
    wake_slot(worker_, writer_, Wake::ready);
  }
  if (peer_finished_ && gone_) gone_->cancel();
}

void Socket::cancel() {
  wake_slot(worker_, reader_, Wake::cancelled);
  wake_slot(worker_, writer_, Wake::cancelled);
}

void Socket::shutdown_write() { ::shutdown(fd_, SHUT_WR); }

void make_non_blocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace isrd::net
