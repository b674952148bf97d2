//! Elements with those inside them.

use super::node::Node;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) node: Node,
    pub(super) children: Vec<Branch>,
}

impl Branch {
    /// Whether something can be done with it or with an element inside.
    pub(super) fn has_usable(&self) -> bool {
        self.node.is_usable() || self.children.iter().any(Self::has_usable)
    }
}

/// Nests a list of nodes by their depths. A node is inside the last one before it that is less deep.
pub(super) fn nested(nodes: Vec<Node>) -> Vec<Branch> {
    let mut roots = Vec::new();
    // The branches around the next node.
    let mut open: Vec<Branch> = Vec::new();
    for node in nodes {
        close(&mut open, &mut roots, node.depth);
        open.push(Branch {
            node,
            children: Vec::new(),
        });
    }
    close(&mut open, &mut roots, 0);
    roots
}

/// Ends the branches that are at least as deep.
fn close(open: &mut Vec<Branch>, roots: &mut Vec<Branch>, depth: usize) {
    while let Some(branch) = open.pop_if(|last| last.node.depth >= depth) {
        let around = open.last_mut().map_or(&mut *roots, |it| &mut it.children);
        around.push(branch);
    }
}

/// The nodes in the order of their lines, with depths as they are nested.
pub(super) fn listed(branches: Vec<Branch>) -> Vec<Node> {
    fn list(branches: Vec<Branch>, depth: usize, nodes: &mut Vec<Node>) {
        for Branch { mut node, children } in branches {
            node.depth = depth;
            nodes.push(node);
            list(children, depth + 1, nodes);
        }
    }
    let mut nodes = Vec::new();
    list(branches, 0, &mut nodes);
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(depth: usize) -> Node {
        Node {
            depth,
            ..Node::default()
        }
    }

    #[test]
    fn nodes_are_nested_by_depth_and_listed_as_before() {
        let depths = |nodes: &[Node]| nodes.iter().map(|node| node.depth).collect::<Vec<_>>();
        let before = [0, 1, 2, 2, 1, 0, 1];
        let branches = nested(before.into_iter().map(at).collect());
        assert_eq!(branches.len(), 2);
        assert_eq!(branches[0].children[0].children.len(), 2);
        assert_eq!(depths(&listed(branches)), before);
        // Depths without a node between them are closed up.
        let branches = nested([3, 7, 7, 2].into_iter().map(at).collect());
        assert_eq!(depths(&listed(branches)), [0, 1, 1, 0]);
    }
}
