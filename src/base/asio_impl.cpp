// The compiled part of Asio and Beast: every other file includes only their declarations (separate
// compilation).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
