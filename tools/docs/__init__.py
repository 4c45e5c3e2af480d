"""What makes and checks the documents: programs in pages, the reference, the diagrams, the pages as HTML."""
