"""What was shot: folders of captures, the photographer's checklist, proposals for loose shots."""
