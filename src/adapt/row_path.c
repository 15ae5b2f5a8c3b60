/* Where in the vocabulary an adaptation is. */
#include "adapt/row_path.h"

#include "adapt/adapter.h"

void row_enter(struct adapter *adapter, struct row_path *path, const struct cursor *in)
{
    path->outer = adapter->row;
    adapter->row = path;
    if (adapter->options.on_row)
        adapter->options.on_row(adapter->options.on_row_state, path, in);
}

void row_leave(struct adapter *adapter)
{
    adapter->row = adapter->row->outer;
}
