// What is kept in memory of a concert, made from what is stored of it: when a store is opened, and
// when another instance has added a concert.
//
// Threads: the writer's, or before there is one.
#pragma once

#include "concertres/storage.hpp"
#include "engine/board.hpp"
#include "engine/catalog.hpp"

namespace concertres {

// Puts the concert into the catalog and on the board, with its line and its draws. Where storage
// throws it is in neither.
void restore(Storage& storage, Catalog& catalog, Board& board, const NewConcert& stored);

}  // namespace concertres
