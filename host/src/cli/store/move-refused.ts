/** Why what hosts keep is not moved, in words for the operator. Nothing was changed in the store that it was to be moved from. */
export class MoveRefused extends Error {}
